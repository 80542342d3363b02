"""How the journal's tables look to readers of SQL: times as timestamptz, money as decimal, no technical columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from models.domain.flow_names import QUOTE_TO_PROJECT
from models.lake.places import quoted
from models.lake.steady import Connection

TIMES = re.compile(r"(_at|_until|_seen|_due)$|^at$")
MONEY = re.compile(r"^amount(_reporting)?$|^worth_reporting$")
HIDDEN = re.compile(r"^(lease|fenc|claim|heartbeat|tenant_slot)|_wall$|^(owner_token|worker|token|cursor|left_off)$")

_RUN = (
    "run_id flow flow_version:INTEGER state step step_name attempt:INTEGER business_key source_version "
    "aggregate lineage_id replay_of correlation_id trace_id legal_entity event_type payload error_code "
    "error_message error_field system waiting_for waiting_because waiting_missing waiting_owner amount "
    "currency created_at due_at settled_at updated_at source_changed_at pruned_at sealed_amount"
)
_CASE = (
    "case_id fingerprint detector cause title explanation next_action suggestion severity status owner "
    "assignee flow system legal_entity subject_entity subject_key project_key customer_key "
    "occurrences:BIGINT money_kind amounts amount_reporting first_seen last_seen resolved_at sla_due "
    "snoozed_until run_ids trace_ids active:INTEGER period worth worth_reporting split_from "
    "first_sight:TIMESTAMPTZ"
)
_FINDING = (
    "finding_id case_id detector subject_entity subject_key run_id trace_id amount currency evidence "
    "first_seen last_seen resolved_at legal_entity money_kind period"
)
_REQUEST = "request_id kind body state result actor reason created_at settled_at"
_WRITE_OFF = (
    "write_off_id flow entity item_key amount currency reason asked_by asked_at approved_by approved_at "
    "request_id reversal_id reversed_at"
)
_APPROVAL = (
    "request_id content content_hash because asked_by asked_as asked_at expires_at decision decided_by decided_as "
    "decided_at words"
)


def _typed(columns: str) -> dict[str, str]:
    return {name: kind or _kind(name) for name, _, kind in (column.partition(":") for column in columns.split())}


def _kind(name: str) -> str:
    return "TIMESTAMPTZ" if TIMES.search(name) else "DECIMAL(18,2)" if MONEY.search(name) else "VARCHAR"


VIEWS: dict[str, tuple[str, dict[str, str]]] = {
    "runs": ("run", _typed(_RUN)),
    "cases": ("case_", _typed(_CASE)),
    "findings": ("finding", _typed(_FINDING)),
    "requests": ("request", _typed(_REQUEST)),
    "approvals": ("approval", _typed(_APPROVAL)),
    "write_offs": ("write_off", _typed(_WRITE_OFF)),
    "streams": ("cursor", _typed("system stream polled_at error known_at read_at failed_at")),
    "extracts": (
        "extract",
        _typed("system entity version:BIGINT taken_at swept_at error known_at read_at failed_at sweep_calls:BIGINT"),
    ),
    "calls": ("call_day", _typed("system day calls:BIGINT used:BIGINT allowed:BIGINT told_at")),
}
"""View name -> (journal table, the columns a view shows while the table is not there)."""


_OPEN = "state IN ('ready', 'running', 'waiting', 'in_doubt')"
FOLLOWED = (_OPEN, "state = 'dead'", f"replay_of IS NOT NULL AND NOT ({_OPEN}) AND state <> 'dead'")
"""Runs that are looked at all the time: each condition is met by an index of the journal, and none by two of them."""
SET_UP = f"flow = '{QUOTE_TO_PROJECT}' AND state IN ('settled', 'dead')"


def followed_runs(connection: Connection) -> str:
    """What to select from instead of `runs` for those that are FOLLOWED: SQLite finds them by index, while DuckDB's own
    scan of a SQLite table reads every row.
    """
    return _chosen(connection, FOLLOWED)


def set_up_runs(connection: Connection) -> str:
    """The same for runs that set a project up and came to an end."""
    return _chosen(connection, (SET_UP,))


def _chosen(connection: Connection, conditions: Sequence[str]) -> str:
    """What to select from for the runs that meet one of these conditions, each met by an index, none by two."""
    kinds = _kinds(connection, "run") if _type(connection) == "sqlite" else {}
    if not kinds:
        return f"(SELECT * FROM runs WHERE {' OR '.join(f'({where})' for where in conditions)})"
    names = ", ".join(f'"{name}"' for name in kinds)
    asked = " UNION ALL ".join(f"SELECT {names} FROM run WHERE {where}" for where in conditions)
    # What SQLite is asked in its own words comes back as text.
    typed = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in kinds.items())
    fields = ", ".join(_fields("run", kinds))
    return f"(SELECT {fields} FROM (SELECT {typed} FROM sqlite_query('journal', {quoted(asked)})))"


def _type(connection: Connection) -> str | None:
    row = connection.execute("SELECT type FROM duckdb_databases() WHERE database_name = 'journal'").fetchone()
    return str(row[0]) if row else None


def _kinds(connection: Connection, table: str) -> dict[str, str]:
    """SQL type by shown column, in order; empty where the journal has no such table."""
    rows = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = 'journal' AND table_name = $1 ORDER BY column_index",
        [table],
    ).fetchall()
    return {name: kind for name, kind in rows if not HIDDEN.search(name)}


def selection(table: str, place: str, kinds: Mapping[str, str]) -> str:
    """The SELECT that shows the journal's `table` at `place`, of whose columns `kinds` says the SQL types, in order."""
    return f"SELECT {', '.join(_fields(table, kinds))} FROM {place}"


def _fields(table: str, kinds: Mapping[str, str]) -> list[str]:
    """What is shown of a table: a sealed amount is no number, and stands in a column of its own."""
    sealed = ["CASE WHEN starts_with(amount, 'enc:v1:') THEN amount END AS sealed_amount"] if table == "run" else []
    shown = {name: kind for name, kind in kinds.items() if not HIDDEN.search(name) and name != "sealed_amount"}
    return [_field(name, kind) for name, kind in shown.items()] + sealed


def _field(name: str, kind: str) -> str:
    if kind == "BIGINT" and TIMES.search(name):
        return f'make_timestamptz("{name}") AS "{name}"'
    if kind in ("VARCHAR", "DOUBLE") and MONEY.search(name):
        return f'TRY_CAST("{name}" AS DECIMAL(18,2)) AS "{name}"'
    return f'"{name}"'
