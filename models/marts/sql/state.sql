-- make_schema: where the latest observations live, in the memory of the process that refreshes
CREATE SCHEMA IF NOT EXISTS memory.state;

-- make_cents: an exact amount rounded half to even at the cent, as models.domain.money does it
CREATE OR REPLACE MACRO memory.state.cents(x) AS
    CAST(x AS DECIMAL(18,2)) - CASE WHEN abs(CAST(x AS DECIMAL(18,2)) - x) = 0.005 AND CAST(CAST(x AS DECIMAL(18,2)) * 100 AS BIGINT) % 2 <> 0
        THEN CAST(sign(x) * 0.01 AS DECIMAL(3,2)) ELSE CAST(0 AS DECIMAL(3,2)) END;

-- make_mark: how far the lake has been read into the state
CREATE TABLE IF NOT EXISTS memory.state.mark (batch_id BIGINT);

-- make_project: projects as each system shows them
CREATE TABLE IF NOT EXISTS memory.state.project (
    system VARCHAR, role VARCHAR, key VARCHAR, system_id VARCHAR, name VARCHAR, status VARCHAR, customer_key VARCHAR, currency VARCHAR,
    legal_entity VARCHAR, service_line VARCHAR, practice VARCHAR, contract_type VARCHAR, value DECIMAL(18,2), cost DECIMAL(18,2),
    target_margin DECIMAL(9,4), closed_at TIMESTAMPTZ, starts_on DATE, ends_on DATE, missing VARCHAR, observed_at TIMESTAMPTZ,
    first_seen TIMESTAMPTZ, milestones VARCHAR);

-- make_charge_code: charge codes as each system shows them
CREATE TABLE IF NOT EXISTS memory.state.charge_code (
    system VARCHAR, role VARCHAR, key VARCHAR, project_code VARCHAR, active BOOLEAN, billable BOOLEAN, legal_entity VARCHAR);

-- make_customer: customers as each system shows them
CREATE TABLE IF NOT EXISTS memory.state.customer (
    system VARCHAR, role VARCHAR, key VARCHAR, system_id VARCHAR, name VARCHAR, number VARCHAR, parent_key VARCHAR, country VARCHAR,
    tax_id VARCHAR, active BOOLEAN, legal_entity VARCHAR, observed_at TIMESTAMPTZ);

-- make_resource: people as each system shows them
CREATE TABLE IF NOT EXISTS memory.state.resource (
    system VARCHAR, role VARCHAR, key VARCHAR, name VARCHAR, legal_entity VARCHAR, cost_rate DECIMAL(18,2), currency VARCHAR,
    weekly_hours DECIMAL(8,2), active BOOLEAN);

-- make_item: time and expenses as the PSA shows them; rates are money an hour
CREATE TABLE IF NOT EXISTS memory.state.item (
    system VARCHAR, role VARCHAR, kind VARCHAR, key VARCHAR, item_key VARCHAR, project_code VARCHAR, charge_code VARCHAR, resource_key VARCHAR,
    work_date DATE, hours DECIMAL(8,2), billable BOOLEAN, bill_rate DECIMAL(18,2), cost_rate DECIMAL(18,2), amount DECIMAL(18,2),
    currency VARCHAR, cost_currency VARCHAR, approval VARCHAR, submitted_at TIMESTAMPTZ, approved_at TIMESTAMPTZ, changed_at TIMESTAMPTZ,
    sync_status VARCHAR, sync_message VARCHAR, legal_entity VARCHAR, reversal BOOLEAN, invoiced BOOLEAN, invoice_number VARCHAR,
    created_at TIMESTAMPTZ, observed_at TIMESTAMPTZ);

-- make_contract: contracts as each system shows them, milestones as a JSON list
CREATE TABLE IF NOT EXISTS memory.state.contract (
    system VARCHAR, role VARCHAR, key VARCHAR, project_code VARCHAR, value DECIMAL(18,2), currency VARCHAR, billing_rule VARCHAR,
    hold BOOLEAN, cap DECIMAL(18,2), milestones VARCHAR, legal_entity VARCHAR);

-- make_invoice: invoices of the ERP
CREATE TABLE IF NOT EXISTS memory.state.invoice (
    system VARCHAR, role VARCHAR, key VARCHAR, customer_key VARCHAR, project_code VARCHAR, status VARCHAR, issued_on DATE,
    total DECIMAL(18,2), currency VARCHAR, lines VARCHAR, legal_entity VARCHAR);

-- make_rate: exchange rates into the reporting currency
CREATE TABLE IF NOT EXISTS memory.state.rate (
    system VARCHAR, role VARCHAR, key VARCHAR, rate DECIMAL(18,8), as_of VARCHAR, observed_at TIMESTAMPTZ);

-- make_budget: budgets of the portfolio
CREATE TABLE IF NOT EXISTS memory.state.budget (
    system VARCHAR, role VARCHAR, key VARCHAR, project_code VARCHAR, value DECIMAL(18,2), cost DECIMAL(18,2), currency VARCHAR,
    target_margin DECIMAL(9,4), hours DECIMAL(12,2));

-- make_sale: milestones and statement of work as the CRM sold them, by the events it sent
CREATE TABLE IF NOT EXISTS memory.state.sale (project_code VARCHAR, milestones VARCHAR, legal_entity VARCHAR, sow_number VARCHAR, sow_expires_on DATE);

-- make_place: the newest place at which each object was observed, so that an older row never overwrites it
CREATE TABLE IF NOT EXISTS memory.state.place (
    system VARCHAR, entity VARCHAR, key VARCHAR, observed_at TIMESTAMPTZ, batch_id BIGINT, n INTEGER, first_seen TIMESTAMPTZ);

-- fresh: the latest observation of each object among the batches that came since
CREATE OR REPLACE TABLE memory.state.fresh AS
WITH latest AS (  -- places first and contents after: a window over the contents would need memory for all of them
    SELECT system, entity, key, max(struct_pack(observed_at := observed_at, batch_id := batch_id, n := n)) AS last
    FROM observations WHERE batch_id > {mark} GROUP BY ALL
), wanted AS (
    SELECT l.last.batch_id AS batch_id, l.last.n AS n
    FROM latest l LEFT JOIN memory.state.place p USING (system, entity, key)
    WHERE p.key IS NULL OR (l.last.observed_at, l.last.batch_id, l.last.n) > (p.observed_at, p.batch_id, p.n)
)
SELECT o.* FROM observations o JOIN wanted w ON w.batch_id = o.batch_id AND w.n = o.n WHERE o.batch_id > {mark};

-- placed: keep where each of them was seen, and when it was seen first
CREATE OR REPLACE TABLE memory.state.newplace AS
SELECT f.system, f.entity, f.key, f.observed_at, f.batch_id, f.n, least(coalesce(p.first_seen, f.observed_at), f.observed_at) AS first_seen
FROM memory.state.fresh f LEFT JOIN memory.state.place p USING (system, entity, key);

-- unplace: forget the older places
DELETE FROM memory.state.place USING memory.state.newplace f
WHERE place.system = f.system AND place.entity = f.entity AND place.key = f.key;

-- place: and keep the new ones
INSERT INTO memory.state.place SELECT * FROM memory.state.newplace;

-- entities: which kinds of objects changed
SELECT DISTINCT entity FROM memory.state.fresh;

-- put_project: parse the changed projects
INSERT INTO memory.state.project
SELECT system, role, key, system_id, f.name, coalesce(f.status, 'active'), f.customer_key, coalesce(f.currency, f.value.currency),
    coalesce(f.legal_entity_id, legal_entity), f.service_line, f.practice, f.contract_type, TRY_CAST(f.value.amount AS DECIMAL(18,2)),
    TRY_CAST(f.cost.amount AS DECIMAL(18,2)), TRY_CAST(f.target_margin AS DECIMAL(9,4)), TRY_CAST(f.closed_at AS TIMESTAMPTZ),
    TRY_CAST(f.starts_on AS DATE), TRY_CAST(f.ends_on AS DATE), CAST(f.missing AS VARCHAR), observed_at, p.first_seen, CAST(f.milestones AS VARCHAR)
FROM (
    SELECT *, json_transform(fields, '{"name":"VARCHAR","status":"VARCHAR","customer_key":"VARCHAR","currency":"VARCHAR","legal_entity_id":"VARCHAR",
        "service_line":"VARCHAR","practice":"VARCHAR","contract_type":"VARCHAR","value":{"amount":"VARCHAR","currency":"VARCHAR"},
        "cost":{"amount":"VARCHAR"},"target_margin":"VARCHAR","closed_at":"VARCHAR","starts_on":"VARCHAR","ends_on":"VARCHAR","missing":"JSON","milestones":"JSON"}') AS f
    FROM memory.state.fresh WHERE entity = 'project' AND present
) JOIN (SELECT system, key, first_seen FROM memory.state.place WHERE entity = 'project') p USING (system, key);

-- put_charge_code: parse the changed charge codes
INSERT INTO memory.state.charge_code
SELECT system, role, key, f.project_code, coalesce(f.active, true), coalesce(f.billable, true), legal_entity
FROM (
    SELECT *, json_transform(fields, '{"project_code":"VARCHAR","active":"BOOLEAN","billable":"BOOLEAN"}') AS f
    FROM memory.state.fresh WHERE entity = 'charge_code' AND present
);

-- put_customer: parse the changed customers
INSERT INTO memory.state.customer
SELECT system, role, key, system_id, f.name, f.number, f.parent_key, f.country, f.tax_id, coalesce(f.active, true), legal_entity, observed_at
FROM (
    SELECT *, json_transform(fields, '{"name":"VARCHAR","number":"VARCHAR","parent_key":"VARCHAR","country":"VARCHAR","tax_id":"VARCHAR","active":"BOOLEAN"}') AS f
    FROM memory.state.fresh WHERE entity = 'customer' AND present
);

-- put_resource: parse the changed people
INSERT INTO memory.state.resource
SELECT system, role, key, f.name, coalesce(f.legal_entity_id, legal_entity), TRY_CAST(f.cost_rate.amount AS DECIMAL(18,2)),
    f.cost_rate.currency, TRY_CAST(f.weekly_hours AS DECIMAL(8,2)), coalesce(f.active, true)
FROM (
    SELECT *, json_transform(fields, '{"name":"VARCHAR","legal_entity_id":"VARCHAR","cost_rate":{"amount":"VARCHAR","currency":"VARCHAR"},
        "weekly_hours":"VARCHAR","active":"BOOLEAN"}') AS f
    FROM memory.state.fresh WHERE entity = 'resource' AND present
);

-- put_item: parse the changed time entries and expenses of PSA and ERP
INSERT INTO memory.state.item
SELECT system, role, CASE entity WHEN 'time_entry' THEN 'time' ELSE 'expense' END, key, coalesce(f.time_entry_id, f.expense_id, key),
    f.project_code, nullif(trim(f.charge_code), ''), f.resource_number, TRY_CAST(coalesce(f.work_date, f.spent_on) AS DATE),
    TRY_CAST(f.hours AS DECIMAL(8,2)), coalesce(f.billable, true), TRY_CAST(f.bill_rate.amount AS DECIMAL(18,2)),
    TRY_CAST(f.cost_rate.amount AS DECIMAL(18,2)), TRY_CAST(f.amount.amount AS DECIMAL(18,2)),
    coalesce(f.bill_rate.currency, f.amount.currency, f.cost_rate.currency), coalesce(f.cost_rate.currency, f.amount.currency),
    coalesce(f.approval, 'approved'),
    TRY_CAST(f.submitted_at AS TIMESTAMPTZ), TRY_CAST(f.approved_at AS TIMESTAMPTZ), TRY_CAST(f.changed_at AS TIMESTAMPTZ),
    f.sync_status, f.sync_message, legal_entity, coalesce(f.reversal, false), coalesce(f.invoiced, false), f.invoice_number,
    TRY_CAST(f.created_at AS TIMESTAMPTZ), observed_at
FROM (
    SELECT *, json_transform(fields, '{"time_entry_id":"VARCHAR","expense_id":"VARCHAR","project_code":"VARCHAR","charge_code":"VARCHAR",
        "resource_number":"VARCHAR","work_date":"VARCHAR","spent_on":"VARCHAR","hours":"VARCHAR","billable":"BOOLEAN",
        "bill_rate":{"amount":"VARCHAR","currency":"VARCHAR"},"cost_rate":{"amount":"VARCHAR","currency":"VARCHAR"},
        "amount":{"amount":"VARCHAR","currency":"VARCHAR"},"approval":"VARCHAR","submitted_at":"VARCHAR","approved_at":"VARCHAR",
        "changed_at":"VARCHAR","sync_status":"VARCHAR","sync_message":"VARCHAR","reversal":"BOOLEAN","invoiced":"BOOLEAN",
        "invoice_number":"VARCHAR","created_at":"VARCHAR"}') AS f
    FROM memory.state.fresh WHERE entity IN ('time_entry', 'expense') AND present
);

-- put_contract: parse the changed contracts
INSERT INTO memory.state.contract
SELECT system, role, key, coalesce(f.project_code, CASE WHEN key LIKE 'CT-%' THEN substr(key, 4) END), TRY_CAST(f.value.amount AS DECIMAL(18,2)), f.value.currency, f.billing_rule, coalesce(f.hold, false),
    TRY_CAST(f.cap.amount AS DECIMAL(18,2)), CAST(f.milestones AS VARCHAR), legal_entity
FROM (
    SELECT *, json_transform(fields, '{"project_code":"VARCHAR","value":{"amount":"VARCHAR","currency":"VARCHAR"},"billing_rule":"VARCHAR",
        "hold":"BOOLEAN","cap":{"amount":"VARCHAR"},"milestones":"JSON"}') AS f
    FROM memory.state.fresh WHERE entity = 'contract' AND present
);

-- put_invoice: parse the changed invoices
INSERT INTO memory.state.invoice
SELECT system, role, key, f.customer_key, f.project_code, coalesce(f.status, 'open'), TRY_CAST(f.issued_on AS DATE),
    TRY_CAST(f.total.amount AS DECIMAL(18,2)), f.total.currency, CAST(f.lines AS VARCHAR), legal_entity
FROM (
    SELECT *, json_transform(fields, '{"customer_key":"VARCHAR","project_code":"VARCHAR","status":"VARCHAR","issued_on":"VARCHAR",
        "total":{"amount":"VARCHAR","currency":"VARCHAR"},"lines":"JSON"}') AS f
    FROM memory.state.fresh WHERE entity = 'invoice' AND present
);

-- put_rate: parse the changed exchange rates
INSERT INTO memory.state.rate
SELECT system, role, coalesce((fields->>'$.currency'), key), TRY_CAST((fields->>'$.rate') AS DECIMAL(18,8)), fields->>'$.as_of', observed_at
FROM memory.state.fresh WHERE entity = 'exchange_rate' AND present AND TRY_CAST((fields->>'$.rate') AS DECIMAL(18,8)) > 0;

-- put_budget: parse the changed budgets
INSERT INTO memory.state.budget
SELECT system, role, key, coalesce(f.project_code, key), TRY_CAST(f.value.amount AS DECIMAL(18,2)), TRY_CAST(f.cost.amount AS DECIMAL(18,2)),
    f.value.currency, TRY_CAST(f.target_margin AS DECIMAL(9,4)), TRY_CAST(f.hours AS DECIMAL(12,2))
FROM (
    SELECT *, json_transform(fields, '{"project_code":"VARCHAR","value":{"amount":"VARCHAR","currency":"VARCHAR"},"cost":{"amount":"VARCHAR"},
        "target_margin":"VARCHAR","hours":"VARCHAR"}') AS f
    FROM memory.state.fresh WHERE entity = 'budget' AND present
);

-- sold: the latest sale of each project among the records that came since
CREATE OR REPLACE TABLE memory.state.newsale AS
SELECT (body->>'$.data.project_code') AS project_code, CAST((body->'$.data.milestones') AS VARCHAR) AS milestones, legal_entity,
    body->>'$.data.statement_of_work.number' AS sow_number, TRY_CAST((body->>'$.data.statement_of_work.expires_on') AS DATE) AS sow_expires_on
FROM records
WHERE batch_id > {mark} AND kind = 'source_event' AND business_key LIKE 'project:%' AND (body->>'$.data.project_code') IS NOT NULL
    AND (body->'$.data.milestones') IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY (body->>'$.data.project_code') ORDER BY occurred_at DESC, batch_id DESC, n DESC) = 1;

-- unsell: forget the older sales
DELETE FROM memory.state.sale USING memory.state.newsale f WHERE sale.project_code = f.project_code;

-- sell: and keep the new ones
INSERT INTO memory.state.sale SELECT * FROM memory.state.newsale;

-- journal_run: what the marts need of the journal's runs, read in one scan
CREATE OR REPLACE TABLE memory.state.journal_run AS
SELECT run_id, flow, state, step_name, attempt, business_key, source_version, lineage_id, replay_of, correlation_id, trace_id, legal_entity,
    event_type, error_code, error_message, error_field, system, waiting_for, waiting_because, CAST(waiting_missing AS VARCHAR) AS waiting_missing,
    waiting_owner, TRY_CAST(amount AS DECIMAL(18,2)) AS amount, currency, created_at, due_at, updated_at, source_changed_at
FROM runs WHERE state IN ('ready', 'running', 'waiting', 'in_doubt', 'dead') OR replay_of IS NOT NULL;

-- open_run: runs that are not finished, as the journal has them now
CREATE OR REPLACE TABLE memory.state.open_run AS
SELECT * FROM memory.state.journal_run WHERE state IN ('ready', 'running', 'waiting', 'in_doubt', 'dead');

-- replay_run: how replays ended
CREATE OR REPLACE TABLE memory.state.replay_run AS
SELECT flow, state, count(*) AS n FROM memory.state.journal_run WHERE replay_of IS NOT NULL GROUP BY ALL;
