/*
What was sent to endpoints of flows that run elsewhere, so that these run again what they failed at: of each failure the
newest sending. That an endpoint accepted says nothing yet of what becomes of it.

grain: run_key

    run_key        VARCHAR      -    the run that failed there
    run_id         VARCHAR      -    the run that sends it
    state          VARCHAR      -    settled: accepted; dead: refused; else on its way
    error_code     VARCHAR      -    what it died of, or waits for
    error_message  VARCHAR      -    in the words of the endpoint
    moved_at       TIMESTAMPTZ  UTC  when it was accepted or refused, or last moved
*/

-- mart_foreign_sent: the newest of each failure
CREATE OR REPLACE TABLE derived.state.mart_foreign_sent AS
SELECT run_key, run_id, state, error_code, error_message, moved_at
FROM derived.state.sent_run
QUALIFY row_number() OVER (PARTITION BY run_key ORDER BY created_at DESC, run_id DESC) = 1;
