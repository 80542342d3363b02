"""A hand-made lake: plain DuckDB databases in memory with the lake's and the journal's shapes, filled by a test in a
few words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from models.lake import journal_views
from models.lake.publish import columns_of, publish
from models.lake.schema import SEALS, TABLES  # noqa: F401

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROLES = {"salesforce": "crm", "netsuite": "erp", "kantata": "psa", "planview": "ppm", "workday": "hcm"}


class Lake:
    """`observe` and `record` append rows, each in a batch of its own; `run` puts a run into the journal."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 1})  # tiny tables
        self.connection.execute("SET TimeZone = 'UTC'")
        for name in ("lake", "marts", "journal"):
            self.connection.execute(f"ATTACH ':memory:' AS {name}")
        for name in (*TABLES, "seals"):
            self._make("lake", name, columns_of(name))
        for table, columns in journal_views.VIEWS.values():
            self._make("journal", table, {name: _raw(name, kind) for name, kind in columns.items()})
        publish(self.connection)
        self.batch = 0

    def observe(
        self,
        system: str,
        entity: str,
        key: str,
        at: datetime = NOW,
        present: bool = True,
        legal_entity: str | None = "NOV-DE",
        system_id: str | None = None,
        **fields: Any,
    ) -> None:
        """`system_id` is the system's own id; without one the key stands for it."""
        self.batch += 1
        row = {
            "batch_id": self.batch,
            "n": 0,
            "observed_at": at,
            "recorded_at": at,
            "snapshot_id": "s",
            "system": system,
            "role": ROLES[system],
            "entity": entity,
            "system_id": system_id or key,
            "key": key,
            "legal_entity": legal_entity,
            "present": present,
            "fields": json.dumps(fields, default=str),
        }
        self._insert("lake.main.observations", row)

    def record(self, kind: str, at: datetime = NOW, body: Any = None, **columns: Any) -> None:
        self.batch += 1
        self._insert(
            "lake.main.records",
            {
                "batch_id": self.batch,
                "n": 0,
                "record_id": f"r-{self.batch}",
                "kind": kind,
                "occurred_at": at,
                "recorded_at": at,
                "body": json.dumps(body, default=str),
                **columns,
            },
        )

    def quarantine(self, **columns: Any) -> None:
        self.batch += 1
        self._insert(
            "lake.main.quarantine",
            {"batch_id": self.batch, "n": 0, "quarantine_id": f"q-{self.batch}", "recorded_at": NOW, **columns},
        )

    def run(
        self,
        run_id: str,
        business_key: str,
        state: str = "dead",
        at: datetime = NOW,
        flow: str = "time-to-bill",
        **columns: Any,
    ) -> None:
        row = {
            "run_id": run_id,
            "flow": flow,
            "flow_version": 1,
            "state": state,
            "business_key": business_key,
            "source_version": "1",
            "lineage_id": run_id,
            "correlation_id": run_id,
            "trace_id": f"trace-{run_id}",
            "created_at": at,
            "updated_at": at,
            "source_changed_at": at,
            **columns,
        }
        self._insert(
            "journal.main.run",
            {name: _micros(value) if isinstance(value, datetime) else value for name, value in row.items()},
        )

    def forget_runs(self) -> None:
        self.connection.execute("DELETE FROM journal.main.run")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.connection.execute(sql).to_arrow_table().to_pylist()

    def _make(self, database: str, table: str, columns: Mapping[str, str]) -> None:
        self.connection.execute(
            f'CREATE TABLE {database}.main."{table}" ({", ".join(f"{name} {kind}" for name, kind in columns.items())})'
        )

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        self.connection.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
        )


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def _raw(name: str, kind: str) -> str:
    return "BIGINT" if kind == "TIMESTAMPTZ" else "VARCHAR" if journal_views.MONEY.search(name) else kind


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
