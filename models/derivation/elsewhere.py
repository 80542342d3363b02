"""Rules for flows that run elsewhere as tables that marts join, and how far their telemetry has been read.

| table | says |
|---|---|
| `derived.state.foreign_reading` | of each reading, by its number: its rule, what it `tells`, whether it `decides` |
| `derived.state.foreign_rule` | a rule's `owner`, `allowed_s`, `runbook`, `sampled`, `page`, `replayed`, `replay_s` |
| `derived.state.foreign_terms` | the same of the flows that the catalogue names |

Runs are kept as long as the rules stay what they are; other rules read everything again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from models.catalogue import Elsewhere
from models.marts.rule_sql import readings_of

OVERLAP = 8
"""Batches read again each time: on a PostgreSQL catalogue a lower number may commit a moment after a higher one."""

_READINGS = pa.schema([("reading", pa.int32()), ("rule", pa.string()), ("tells", pa.string()), ("decides", pa.bool_())])
_TERMS = [("owner", pa.string()), ("allowed_s", pa.float64()), ("runbook", pa.string()), ("sampled", pa.bool_())]
_REPLAY = [("replayed", pa.bool_()), ("replay_s", pa.float64())]
_OF_RULES = pa.schema([("rule", pa.string()), *_TERMS, ("page", pa.string()), *_REPLAY])
_OF_FLOWS = pa.schema([("flow", pa.string()), *_TERMS[:3]])
_READ = ("foreign_piece", "mart_foreign_run", "foreign_mark")


def open_rules(connection: duckdb.DuckDBPyConnection, elsewhere: Elsewhere) -> None:
    """Lay the tables out anew, and let go of what other rules made."""
    readings = enumerate(readings_of(elsewhere.rules), start=1)
    listed = [(number, rule.name, one.tells, one.decides) for number, (rule, one) in readings]
    _keep(connection, "foreign_reading", _READINGS, listed)
    rules = [
        (one.name, one.owner, one.service_level, one.runbook, one.sampled, one.page, one.replayed, one.replay_within)
        for one in elsewhere.rules
    ]
    _keep(connection, "foreign_rule", _OF_RULES, rules)
    flows = [(one.name, one.owner, one.service_level, one.runbook) for one in elsewhere.flows.values()]
    _keep(connection, "foreign_terms", _OF_FLOWS, flows)
    for name in _READ:
        connection.execute(f"DROP TABLE IF EXISTS derived.state.{name}")


def read_up_to(connection: duckdb.DuckDBPyConnection) -> int:
    """The batch after which spans and logs are new to the runs; 0 before anything was read."""
    try:
        found = connection.execute("SELECT max(batch_id) FROM derived.state.foreign_mark").fetchone()
    except duckdb.CatalogException:
        return 0
    return max((found[0] if found and found[0] else 0) - OVERLAP, 0)


def _keep(connection: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> None:
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
    connection.register("rules_page", table)
    connection.execute(f"CREATE OR REPLACE TABLE derived.state.{name} AS SELECT * FROM rules_page")
    connection.unregister("rules_page")
