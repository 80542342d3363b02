/*
The newest unfinished run of each time entry, expense and milestone.

grain: business_key

    business_key     VARCHAR      -    the item as runs call it: its kind and its key
    item_key         VARCHAR      -    the item's key
    run_id           VARCHAR      -    the run's id
    trace_id         VARCHAR      -    of the run
    state            VARCHAR      -    ready, running, waiting, in_doubt or dead
    error_code       VARCHAR      -    what it died of
    error_message    VARCHAR      -    what the target said
    error_field      VARCHAR      -    the field the target disliked
    system           VARCHAR      -    which system it is at
    waiting_for      VARCHAR      -    what it waits for
    waiting_because  VARCHAR      -    and why
    waiting_owner    VARCHAR      -    who can go on
    updated_at       TIMESTAMPTZ  UTC  its last move
*/

-- item_run: the newest unfinished run of each business key
CREATE OR REPLACE TABLE derived.state.item_run AS
SELECT
    business_key,
    regexp_replace(business_key, '^[^:]*:', '') AS item_key,
    run_id,
    trace_id,
    state,
    error_code,
    error_message,
    error_field,
    system,
    waiting_for,
    waiting_because,
    waiting_owner,
    updated_at
FROM derived.state.open_run
WHERE flow = 'time-to-bill' AND business_key IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY business_key ORDER BY source_version DESC NULLS LAST, created_at DESC, run_id DESC
) = 1;
