/*
Each project once, with where it exists and when time could first be booked and posted on it.

grain: project_key

    project_key               VARCHAR        -                   the project's code, the same in every system
    name                      VARCHAR        -                   as the CRM calls it, else as any system does
    customer_key              VARCHAR        -                   whose project it is
    customer_name             VARCHAR        -                   as the CRM calls the customer, else as any system does
    legal_entity              VARCHAR        -                   which company of the firm sells and bills it
    service_line              VARCHAR        -                   by the CRM, else by any system
    practice                  VARCHAR        -                   by the CRM, else by any system
    currency                  VARCHAR        ISO 4217            what it is sold in
    contract_value            DECIMAL(18,2)  currency            what the CRM sold, else what the portfolio planned
    contract_value_reporting  DECIMAL(18,2)  reporting currency  the same at the rate of sold_on; none without a rate
    target_margin             DECIMAL(9,4)   share of revenue    what it should earn, 0.35 is 35 %
    in_crm                    BOOLEAN        -                   the CRM has it
    in_erp                    BOOLEAN        -                   the ERP has it, so that work can be posted on it
    in_psa                    BOOLEAN        -                   the PSA has it, so that time can be booked on it
    in_ppm                    BOOLEAN        -                   the portfolio has it
    status_crm                VARCHAR        -                   its status there, in that system's words
    status_erp                VARCHAR        -                   its status there, in that system's words
    status_psa                VARCHAR        -                   its status there, in that system's words
    closed_won_at             TIMESTAMPTZ    UTC                 when the sale was won
    usable_at                 TIMESTAMPTZ    UTC                 when both ERP and PSA first had it, if they do
    sow_number                VARCHAR        -                   the statement of work it was sold under
    sow_expires_on            DATE           day                 the last day that the statement of work covers
    gone_at                   TIMESTAMPTZ    UTC                 when a system that had it was last seen without it
    renamed_to                VARCHAR        -                   what that system calls it now, where it is still there
    sold_on                   DATE           day                 when it was won, where its company is; else first shown
*/

-- mart_project: the CRM's word first, then any system's
CREATE OR REPLACE TABLE derived.state.mart_project AS
WITH held AS (
    -- Of several in one role with one code (a job and its copy) the one that was there first speaks.
    SELECT *
    FROM derived.state.project
    QUALIFY row_number() OVER (
        PARTITION BY role, key ORDER BY first_seen, closed_at NULLS LAST, system, system_id
    ) = 1
), seen AS (
    SELECT
        key,
        min(name) FILTER (role = 'crm') AS crm_name,
        min(name) AS any_name,
        min(customer_key) FILTER (role = 'crm') AS crm_customer,
        min(customer_key) AS any_customer,
        -- The books are where the ERP keeps them: a sale that is moved in the CRM moves nothing.
        coalesce(
            min(legal_entity) FILTER (role = 'erp'), min(legal_entity) FILTER (role = 'crm'), min(legal_entity)
        ) AS legal_entity,
        coalesce(min(service_line) FILTER (role = 'crm'), min(service_line)) AS service_line,
        coalesce(min(practice) FILTER (role = 'crm'), min(practice)) AS practice,
        coalesce(min(currency) FILTER (role = 'crm'), min(currency)) AS currency,
        coalesce(min(value) FILTER (role = 'crm'), min(value) FILTER (role = 'ppm')) AS contract_value,
        coalesce(min(target_margin) FILTER (role = 'crm'), min(target_margin) FILTER (role = 'ppm')) AS target_margin,
        bool_or(role = 'crm') AS in_crm,
        bool_or(role = 'erp') AS in_erp,
        bool_or(role = 'psa') AS in_psa,
        bool_or(role = 'ppm') AS in_ppm,
        min(status) FILTER (role = 'crm') AS status_crm,
        min(status) FILTER (role = 'erp') AS status_erp,
        min(status) FILTER (role = 'psa') AS status_psa,
        min(closed_at) FILTER (role = 'crm') AS closed_won_at,
        min(first_seen) AS shown_at,
        min(first_seen) FILTER (role = 'erp') AS erp_seen,
        min(first_seen) FILTER (role = 'psa') AS psa_seen,
        min(system) FILTER (role = 'erp') AS erp,
        min(system) FILTER (role = 'psa') AS psa
    FROM held
    GROUP BY key
), left_behind AS (
    SELECT system, key, observed_at AS at, NULL AS called FROM derived.state.sale_place WHERE entity = 'project'
    UNION ALL
    SELECT k.system, k.key, k.left_at, p.key
    FROM derived.state.former_key k
    LEFT JOIN derived.state.project p ON p.system = k.system AND p.system_id = k.system_id
    WHERE k.entity = 'project'
), gone AS (
    SELECT l.key, max(l.at) AS at, arg_max(l.called, l.at) AS called
    FROM left_behind l
    ANTI JOIN derived.state.project q USING (system, key)
    GROUP BY l.key
), kept AS (
    -- Where nobody who knows its company calls it so any more, it is of the company that it is of by its new name.
    SELECT s.* REPLACE (coalesce(s.legal_entity, o.legal_entity) AS legal_entity)
    FROM seen s
    LEFT JOIN gone g ON g.key = s.key
    LEFT JOIN seen o ON o.key = g.called
), dated AS (
    SELECT
        s.*,
        CAST(coalesce(s.closed_won_at, s.shown_at) AT TIME ZONE coalesce(z.zone, 'UTC') AS DATE) AS sold_on
    FROM kept s
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = s.legal_entity
), client AS (
    SELECT key, coalesce(min(name) FILTER (role = 'crm'), min(name)) AS name
    FROM derived.state.customer
    GROUP BY key
)
SELECT
    s.key AS project_key,
    coalesce(crm_name, any_name) AS name,
    coalesce(crm_customer, any_customer) AS customer_key,
    c.name AS customer_name,
    s.legal_entity,
    service_line,
    practice,
    s.currency,
    contract_value,
    CAST(derived.state.cents(contract_value * coalesce(zx.rate, fx.rate)) AS DECIMAL(18,2)) AS contract_value_reporting,
    target_margin,
    in_crm,
    in_erp,
    in_psa,
    in_ppm,
    status_crm,
    status_erp,
    status_psa,
    closed_won_at,
    CASE
        WHEN in_erp AND in_psa THEN greatest(
            least(coalesce(e.first_at, erp_seen), erp_seen),
            least(coalesce(p.first_at, psa_seen), psa_seen)
        )
    END AS usable_at,
    sale.sow_number,
    sale.sow_expires_on,
    g.at AS gone_at,
    g.called AS renamed_to,
    s.sold_on
FROM dated s
LEFT JOIN gone g ON g.key = s.key
LEFT JOIN derived.state.sale sale ON sale.project_code = s.key
LEFT JOIN client c ON c.key = coalesce(crm_customer, any_customer)
LEFT JOIN derived.state.fx_day fx ON fx.currency = s.currency AND fx.day = derived.state.rate_day(s.sold_on)
LEFT JOIN derived.state.fx_frozen zx
    ON zx.legal_entity = s.legal_entity AND zx.currency = s.currency AND zx.day = s.sold_on
LEFT JOIN derived.state.answered e ON e.business_key = 'project:' || s.key AND e.system = s.erp
LEFT JOIN derived.state.answered p ON p.business_key = 'project:' || s.key AND p.system = s.psa;
