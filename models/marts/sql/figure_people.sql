/*
Figures of people and price: what of the hours that people have is billed, and what an hour earns.

grain: name, world

    name         VARCHAR        -     which figure
    world        VARCHAR        -     reported, adjusted, against or for (see settlement)
    value        DOUBLE         unit  of a figure that is no ratio: a median, a count
    numerator    DECIMAL(38,6)  -     of a ratio, in the unit of what is divided; of money the sum
    denominator  DECIMAL(38,6)  -     of a ratio; none of a sum
    scale        DOUBLE         -     what the ratio is multiplied by, 100 for per cent
    unit         VARCHAR        -     h, s, days, %, a currency, or what is counted
    target       DOUBLE         unit  what it should be; none for figures that only inform
    n            BIGINT         -     how many things it rests on
    rests_on     VARCHAR        -     the kinds of observed objects without which it says nothing
    definition   VARCHAR        -     how it is computed
*/

-- figure_people: one SELECT a figure
CREATE OR REPLACE TABLE derived.state.figure_people AS
WITH capacity AS (
    SELECT
        coalesce(sum(gross_hours), 0) AS gross,
        coalesce(sum(gross_hours - holiday_hours - leave_hours), 0) AS net,
        count(*) AS people
    FROM derived.state.availability
), time AS (
    SELECT
        coalesce(sum(hours) FILTER (billable), 0) AS billable,
        coalesce(sum(hours), 0) AS hours,
        CAST(coalesce(sum(items), 0) AS BIGINT) AS n,
        CAST(coalesce(sum(items) FILTER (posted), 0) AS BIGINT) AS posted
    FROM derived.state.work_day
    WHERE kind = 'time'
)
SELECT
    'billable_utilisation' AS name,
    s.world,
    s.utilised AS numerator,
    c.net AS denominator,
    100.0 AS scale,
    '%' AS unit,
    75.0 AS target,
    c.people AS n,
    'time_entry resource leave holiday' AS rests_on,
    'Approved billable hours ÷ contracted hours net of holiday and leave, last twelve whole weeks' AS definition
FROM derived.state.figure_sum s, capacity c
UNION ALL BY NAME
SELECT
    'billable_utilisation_gross' AS name,
    s.world,
    s.utilised AS numerator,
    c.gross AS denominator,
    100.0 AS scale,
    '%' AS unit,
    c.people AS n,
    'time_entry resource' AS rests_on,
    'Approved billable hours ÷ contracted hours, last twelve whole weeks' AS definition
FROM derived.state.figure_sum s, capacity c
UNION ALL BY NAME
SELECT
    'billable_share' AS name,
    'reported' AS world,
    billable AS numerator,
    hours AS denominator,
    100.0 AS scale,
    '%' AS unit,
    75.0 AS target,
    n,
    'time_entry' AS rests_on,
    'Billable hours ÷ hours booked' AS definition
FROM time
UNION ALL BY NAME
SELECT
    'effective_bill_rate' AS name,
    s.world,
    s.fees AS numerator,
    s.hours AS denominator,
    1.0 AS scale,
    {currency} || ' / h' AS unit,
    t.posted AS n,
    'time_entry' AS rests_on,
    'Revenue of time and milestones ÷ hours worked, of what the ERP has' AS definition
FROM derived.state.figure_sum s, time t;
