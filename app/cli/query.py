"""Read-only questions to the stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from app.cli.installation import installation
from app.cli.output import Format, fail, print_rows
from app.readings import ids
from models.lake.reader import open_reader
from models.settings import read_settings

Row = Mapping[str, Any]

CASES = """
select case_id, severity, status, cause, title, occurrences, amount_reporting, owner, assignee, subject_entity, subject_key,
       system, flow, first_seen, last_seen, sla_due, next_action
from cases where $status = status or ($status = 'unresolved' and status <> 'resolved')
order by cast(amount_reporting as decimal(18, 2)) desc nulls last, first_seen limit $limit
"""

TRACE = """
with found as (
    select distinct correlation_id from records
    where business_key = $key or run_id = $key or correlation_id = $key or trace_id in ($key, $begins) or lineage_id = $key
       or business_key like '%:' || $key or starts_with(run_id, $begins) or starts_with(lineage_id, $begins) or starts_with(correlation_id, $begins)
)
select r.occurred_at, r.kind, r.flow, r.step, r.attempt, r.system, r.business_key, r.status, r.error_code, r.run_id, r.batch_id, left(r.body, 160) as body
from records r where r.correlation_id in (select correlation_id from found) or r.trace_id in ($key, $begins)
order by r.occurred_at, r.recorded_at limit 1000
"""

AT_A_GLANCE = ("case_id", "severity", "amount_reporting", "occurrences", "title")
STEPS = ("occurred_at", "kind", "step", "system", "business_key", "status", "error_code")

SPANS = """
select start_time, service_name, name, duration_us, status_code, span_id, parent_span_id, batch_id
from spans where trace_id in ($key, $begins) order by start_time limit 1000
"""


def sql(query: str, form: Format, as_of: datetime | None) -> None:
    """Print the rows of one read-only statement; a statement that writes is refused with status 2."""
    moment = as_of.replace(tzinfo=as_of.tzinfo or UTC) if as_of else None
    with closing(open_reader(read_settings(), as_of=moment)) as reader:
        try:
            rows = reader.rows(query)
        except Exception as error:
            raise fail(str(error), 2) from error
    print_rows(rows, form)


def cases(form: Format, status: str, limit: int) -> None:
    """Print cases, most money first; a table shows what fits a terminal, CSV and JSON show everything.

    Raises SystemExit with status 2 where there is no installation, so that an empty answer always means that nothing is
    stuck.
    """
    with closing(open_reader(installation(journal=True))) as reader:
        rows = reader.rows(CASES, {"status": status, "limit": limit})
    none = "no cases: nothing is stuck" if status == "unresolved" else f"no case is {status}"
    print_rows(_only(rows, AT_A_GLANCE, form), form, none)


def _only(rows: Sequence[Row], columns: Sequence[str], form: Format) -> list[Row]:
    return [{name: row[name] for name in columns} for row in rows] if form is Format.table else list(rows)


def trace(key: str, form: Format) -> None:
    """Print the records of everything that shares a correlation with `key` or with an id that begins so, else the spans
    of that trace; an id may have dashes.
    """
    with closing(open_reader(installation())) as reader:
        digits = ids.compact(key)
        asked = {"key": key, "begins": digits if ids.is_prefix(digits) or ids.is_id(digits) else None}
        rows = reader.rows(TRACE, asked) or reader.rows(SPANS, asked)
    if not rows:
        raise fail(
            f"nothing is known of {key!r}: give a project code, customer, time entry, trace id, or 8 or more digits of a run or correlation id"
        )
    print_rows(_only(rows, STEPS, form) if "kind" in rows[0] else rows, form)


def rebuild() -> None:
    """Make the derived tables again from the audit lake."""
    from models.marts.refresh import rebuild as again

    again(read_settings())
    print("the derived tables were made again from the audit lake")
