/*
Each flow that runs elsewhere, as far as anything of it was read: whose it is, what it promises and how it stands.

grain: flow, system, instance

    flow           VARCHAR      -       <rule>/<flow>
    system         VARCHAR      -       the service that runs it
    instance       VARCHAR      -       which of several engines of one service
    rule           VARCHAR      -       which rule reads it
    owner          VARCHAR      -       the role or team of the catalogue, else of its rule
    allowed_s      DOUBLE       s       how long a run may take
    runbook        VARCHAR      -       where its owner looks up what to do; empty for none
    sampled        BOOLEAN      -       not all of its traces come: what is missing proves nothing
    page           VARCHAR      -       where its engine shows a run: {run}, {flow} and {trace} stand in it
    replay_s       DOUBLE       s       within which its endpoint's new run is to be heard of; null where it has none
    runs           BIGINT       runs    read so far
    running        BIGINT       runs    that have not ended
    running_since  TIMESTAMPTZ  UTC     when the first of these began
    running_key    VARCHAR      -       and which it is
    running_trace  VARCHAR      -       its trace
    done_at        TIMESTAMPTZ  UTC     when a run was done last
    failed_at      TIMESTAMPTZ  UTC     when a run failed last
    failures       BIGINT       things  that it failed at and nothing mended
    heard_at       TIMESTAMPTZ  UTC     when anything of it was received last
*/

-- mart_foreign_flow: what the catalogue says of a flow comes before what its rule says
CREATE OR REPLACE TABLE derived.state.mart_foreign_flow AS
SELECT
    r.flow,
    r.system,
    r.instance,
    min(r.rule) AS rule,
    coalesce(any_value(t.owner), any_value(u.owner)) AS owner,
    coalesce(any_value(t.allowed_s), any_value(u.allowed_s)) AS allowed_s,
    coalesce(nullif(any_value(t.runbook), ''), any_value(u.runbook)) AS runbook,
    coalesce(any_value(u.sampled), false) AS sampled,
    coalesce(any_value(u.page), '') AS page,
    CASE
        WHEN any_value(u.replayed)
            THEN coalesce(any_value(u.replay_s), any_value(t.allowed_s), any_value(u.allowed_s))
    END AS replay_s,
    count(*) AS runs,
    count(*) FILTER (r.state = 'running') AS running,
    min(r.started_at) FILTER (r.state = 'running') AS running_since,
    arg_min(r.run_key, r.started_at) FILTER (r.state = 'running') AS running_key,
    arg_min(r.trace_id, r.started_at) FILTER (r.state = 'running') AS running_trace,
    max(r.ended_at) FILTER (r.state = 'done') AS done_at,
    max(r.ended_at) FILTER (r.state = 'failed') AS failed_at,
    count(f.run_key) AS failures,
    max(r.heard_at) AS heard_at
FROM derived.state.mart_foreign_run r
LEFT JOIN derived.state.foreign_rule u ON u.rule = r.rule
LEFT JOIN derived.state.foreign_terms t ON t.flow = r.flow
LEFT JOIN derived.state.mart_foreign_failure f ON f.run_key = r.run_key
GROUP BY r.flow, r.system, r.instance;
