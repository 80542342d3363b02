"""The marts' columns while no mart was made yet: their names answer no rows from the first second."""

from __future__ import annotations

_COLUMNS = """
mart_fx
    currency rate:DECIMAL(19,8) as_of:TIMESTAMPTZ
mart_project
    project_key name customer_key customer_name legal_entity service_line practice currency contract_value:DECIMAL(18,2)
    contract_value_reporting:DECIMAL(18,2) target_margin:DECIMAL(9,4) in_crm:BOOLEAN in_erp:BOOLEAN in_psa:BOOLEAN in_ppm:BOOLEAN
    status_crm status_erp status_psa closed_won_at:TIMESTAMPTZ usable_at:TIMESTAMPTZ sow_number sow_expires_on:DATE gone_at:TIMESTAMPTZ
mart_work
    item_key kind project_key customer_key customer_name legal_entity service_line resource_key charge_code work_date:DATE
    submitted_at:TIMESTAMPTZ approved_at:TIMESTAMPTZ posted_at:TIMESTAMPTZ hours:DECIMAL(8,2) billable:BOOLEAN
    bill_amount:DECIMAL(18,2) cost_amount:DECIMAL(18,2) currency bill_reporting:DECIMAL(18,2) cost_reporting:DECIMAL(18,2) state
    blocker blocker_owner run_id age_days:INTEGER blocker_key trace_id error_code error_message error_field blocked_since:TIMESTAMPTZ
    source_system milestone waiting_because code_fault approval rateless:BOOLEAN cost_currency
mart_billing
    state blocker blocker_owner legal_entity service_line customer_key project_key items:BIGINT bill_reporting:DECIMAL(18,2)
    oldest_days:INTEGER
mart_margin
    project_key name customer_name legal_entity service_line month:DATE revenue_reporting:DECIMAL(18,2) cost_reporting:DECIMAL(18,2)
    margin_reporting:DECIMAL(18,2) psa_margin_reporting:DECIMAL(18,2) erp_margin_reporting:DECIMAL(18,2)
    difference_reporting:DECIMAL(18,2) target_margin:DECIMAL(9,4)
mart_reconciliation
    legal_entity project_key psa_hours:DECIMAL(18,2) erp_hours:DECIMAL(18,2) difference_hours:DECIMAL(18,2)
    psa_reporting:DECIMAL(18,2) erp_reporting:DECIMAL(18,2) explained_reporting:DECIMAL(18,2) unexplained_reporting:DECIMAL(18,2)
mart_failure_age
    flow bucket bucket_order:INTEGER failures:BIGINT amount_reporting:DECIMAL(18,2)
mart_replay
    flow replays:BIGINT delivered:BIGINT failed:BIGINT
mart_flow_hour
    hour:TIMESTAMPTZ flow admitted:BIGINT settled:BIGINT dead:BIGINT retries:BIGINT replays:BIGINT paused:BIGINT lag_p50_s:DOUBLE
    lag_p95_s:DOUBLE lag_max_s:DOUBLE run_p50_ms:DOUBLE run_p95_ms:DOUBLE
mart_pair_lag
    flow source_system target_system entity acknowledged:BIGINT lag_p50_s:DOUBLE lag_p95_s:DOUBLE lag_max_s:DOUBLE
    oldest_pending_s:DOUBLE
mart_kpi
    name value:DECIMAL(18,2) unit target:DOUBLE as_of:TIMESTAMPTZ n:BIGINT
mart_state_project
    system role key system_id name status customer_key currency legal_entity service_line practice contract_type value:DECIMAL(18,2)
    cost:DECIMAL(18,2) target_margin:DECIMAL(9,4) closed_at:TIMESTAMPTZ starts_on:DATE ends_on:DATE missing observed_at:TIMESTAMPTZ
    first_seen:TIMESTAMPTZ
mart_state_customer
    system role key system_id name number parent_key country tax_id active:BOOLEAN legal_entity observed_at:TIMESTAMPTZ
mart_state_charge_code
    system role key project_code active:BOOLEAN billable:BOOLEAN legal_entity
mart_state_resource
    system role key name legal_entity cost_rate:DECIMAL(18,2) currency weekly_hours:DECIMAL(8,2) active:BOOLEAN
mart_state_system
    system role observed_at:TIMESTAMPTZ
"""


def _parsed(text: str) -> dict[str, dict[str, str]]:
    """Columns and SQL types by mart; a column without a type is text."""
    found: dict[str, dict[str, str]] = {}
    for line in text.strip().splitlines():
        if not line.startswith(" "):
            columns = found.setdefault(line, {})
            continue
        for column in line.split():
            name, _, kind = column.partition(":")
            columns[name] = kind or "VARCHAR"
    return found


MARTS = _parsed(_COLUMNS)
