/*
What flows that run elsewhere have failed at and not mended: of each thing that a flow was about its newest failure. A
later run of the same flow about the same thing that is done has mended it, and so has one that repeats it by its
engine's word. A flow that always does all of its work says so with a key that is always the same.

The template is the error without what differs from record to record: what stands in quotes, numbers, keys, addresses;
the status of HTTP stays. It is made from the one text alone, so that a case is called the same whatever came before.

grain: run_key

    run_key        VARCHAR        -         the run that failed last
    rule           VARCHAR        -         which rule read it
    system         VARCHAR        -         the service that ran it
    instance       VARCHAR        -         which of several engines of one service
    flow           VARCHAR        -         <rule>/<flow>
    run_id         VARCHAR        -         what its engine calls it
    trace_id       VARCHAR        -         its trace, where one came
    step           VARCHAR        -         what failed
    attempt        INTEGER        attempts  the highest that was told
    business_key   VARCHAR        -         what it was about
    item_key       VARCHAR        -         the same as systems call it, without the kind before a colon
    amount         DECIMAL(18,2)  currency  what it carried, by its own word
    currency       VARCHAR        ISO 4217  of that
    legal_entity   VARCHAR        -         which company of the firm it was for, by its own word
    error_code     VARCHAR        -         what it died of
    error_message  VARCHAR        -         in its engine's words
    template       VARCHAR        -         the error without what differs from record to record
    failures       BIGINT         runs      that failed about this since the last that was done
    failed_since   TIMESTAMPTZ    UTC       when the first of these did
    failed_at      TIMESTAMPTZ    UTC       when the last of these did
*/

-- make_template: what an error says, whatever it is about; a part in quotes begins a word, so that can't is none
CREATE OR REPLACE MACRO derived.state.template(error, business_key) AS
    trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        replace(
            regexp_extract(left(error, 600), '[^\r\n]+'), coalesce(nullif(business_key, ''), chr(0)), '*'
        ),
        '(^|[\s(=:\[])(''[^'']*''|"[^"]*"|`[^`]*`)', '\1*', 'g'),
        '\S*\w(@|://)\S+', '*', 'g'),
        '\S*\d\S*', '*', 'g'),
        '\*[\s*,;:.]*\*', '*', 'g'));

-- make_status: the status of HTTP that an error names, which its template keeps
CREATE OR REPLACE MACRO derived.state.http_status(error) AS
    nullif(regexp_extract(
        left(error, 600), '(?i)\b(?:status(?: code)?|http(?:/[\d.]+)?|code)\W{0,3}([1-5]\d\d)\b', 1
    ), '');

-- mart_foreign_failure: the newest of each thing, if nothing was done about it since
CREATE OR REPLACE TABLE derived.state.mart_foreign_failure AS
WITH done AS (
    SELECT flow, system, instance, business_key, max(ended_at) AS at
    FROM derived.state.mart_foreign_run
    WHERE state = 'done' AND business_key IS NOT NULL
    GROUP BY ALL
), repeated AS (
    SELECT flow, system, instance, retry_of, max(ended_at) AS at
    FROM derived.state.mart_foreign_run
    WHERE retry_of IS NOT NULL AND state <> 'running'
    GROUP BY ALL
), open AS (
    SELECT f.*, coalesce(f.business_key, f.run_key) AS about
    FROM derived.state.mart_foreign_run f
    LEFT JOIN done d
        ON d.flow = f.flow
        AND d.system = f.system
        AND d.instance = f.instance
        AND d.business_key = f.business_key
    LEFT JOIN repeated r
        ON r.flow = f.flow
        AND r.system = f.system
        AND r.instance = f.instance
        AND r.retry_of = f.run_id
    WHERE f.state = 'failed'
        AND coalesce(d.at <= f.ended_at, true)
        AND r.at IS NULL
), counted AS (
    SELECT
        *,
        count(*) OVER same AS failures,
        min(ended_at) OVER same AS failed_since,
        row_number() OVER (PARTITION BY flow, system, instance, about ORDER BY ended_at DESC, run_key DESC) AS place
    FROM open
    WINDOW same AS (PARTITION BY flow, system, instance, about)
)
SELECT
    run_key,
    rule,
    system,
    instance,
    flow,
    run_id,
    trace_id,
    step,
    attempt,
    business_key,
    regexp_replace(business_key, '^[^:]*:', '') AS item_key,
    amount,
    currency,
    legal_entity,
    error_code,
    error_message,
    concat_ws(
        ' ', derived.state.http_status(error_message), derived.state.template(error_message, business_key)
    ) AS template,
    failures,
    failed_since,
    ended_at AS failed_at
FROM counted
WHERE place = 1;
