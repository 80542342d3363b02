"""Verification of the journal: its runs and cases held against what the lake recorded of them."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pyarrow as pa

from models.domain.errors import Misconfigured
from models.domain.record import Record, RecordKind
from models.journal.feed import unpacked
from models.keys.keyring import Altered, Keyring
from models.keys.sealing import opened_amount
from models.lake.breach import NAMED, Report
from models.lake.connection import attach_journal, attached
from models.lake.steady import steadily, steady_table
from models.settings import Settings
from models.sql_statements import statements

LOOKS, PAUSE_SECONDS = 3, 1.0
"""A journal moves while it is compared, so only what differs in each look counts; the pause is in wall seconds."""

_WORDS = pa.schema([(name, pa.string()) for name in ("kind", "id", "status", "business_key", "amount", "sealed")])
_OPENED = pa.schema([("sealed", pa.string()), ("amount", pa.string()), ("altered", pa.bool_())])
Apart = dict[tuple[str, str], str]


class JournalCheck:
    """The journal says what must happen, and anybody with its file can say so; the lake says what did."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, settings: Settings, report: Report) -> None:
        self._connection, self._settings, self._report = connection, settings, report
        self._sql = statements(Path(__file__).with_name("journal_audit.sql"))
        self._keys, self._shut = Keyring(settings), ""

    def promised(self) -> int:
        """Up to which position of its feed the journal was told that the lake holds it; 0 where it never was."""
        attach_journal(self._connection, self._settings)
        if not self._columns("feed_consumer"):
            return 0
        sql = "SELECT coalesce(max(position), 0) FROM journal.feed_consumer"
        (position,) = self._connection.execute(sql).fetchone() or (0,)
        return int(position)

    def run(self) -> None:
        """Report every run and case that the journal tells otherwise than the lake; one line for each way they do."""
        try:
            attach_journal(self._connection, self._settings)
        except (Misconfigured, duckdb.Error) as error:
            self._report.journal = f"journal: not compared, it cannot be read: {str(error).splitlines()[0]}"
            return
        if "journal" not in attached(self._connection) or not self._columns("run"):
            self._report.journal = "journal: there is none here, so runs and cases were not compared"
            return
        found = self._look()
        for _ in range(LOOKS - 1):
            if not found:
                break
            time.sleep(PAUSE_SECONDS)
            again = self._look()
            found = {key: what for key, what in found.items() if again.get(key) == what}
        self._tell(found)

    def _look(self) -> Apart:
        # In this order: what the journal says was told in its feed before, and leaves the feed only for the lake.
        (position,) = steady_table(self._connection, self._sql["position"]).column("position").to_pylist()
        self._connection.execute(self._sql["runs"])
        split = "split_from IS NOT NULL" if "split_from" in self._columns("case_") else "false"
        self._connection.execute(self._sql["cases"].replace("$split", split))
        pages = self._connection.execute(self._sql["feed"].replace("$position", str(int(position)))).fetchall()
        self._put_on_its_way([record for (page,) in pages for record in unpacked(page)])
        sealed = "sealed_amount" if "sealed_amount" in self._columns("records", "lake") else "NULL::VARCHAR"
        words = self._sql["words"].replace("$sealed", sealed)
        steadily(self._connection, lambda: self._connection.execute(words))
        self._connection.execute(self._sql["newest"])
        self._open([name for (name,) in self._connection.execute(self._sql["unequal"]).fetchall() if name])
        return {
            (kind, name): what
            for kind in ("runs", "cases")
            for name, what in self._connection.execute(self._sql[f"{kind}_apart"]).fetchall()
        }

    def _put_on_its_way(self, records: list[Record]) -> None:
        words = {(word["kind"], word["id"]): word for record in records if (word := _word(record))}
        self._connection.register("waiting", pa.Table.from_pylist(list(words.values()), _WORDS))
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE on_its_way AS "
            "SELECT * REPLACE (CAST(amount AS DECIMAL(18, 2)) AS amount) FROM waiting"
        )
        self._connection.unregister("waiting")

    def _open(self, sealed: list[str]) -> None:
        """Tell the amounts of these; without the keys nobody can, and they are not compared."""
        found = []
        for one in sealed:
            try:
                found.append({"sealed": one, "amount": opened_amount(self._keys, one), "altered": False})
            except Altered:
                found.append({"sealed": one, "amount": None, "altered": True})
            except Misconfigured as error:
                self._shut = str(error)
        self._connection.register("told", pa.Table.from_pylist(found, _OPENED))
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE opened AS "
            "SELECT * REPLACE (TRY_CAST(amount AS DECIMAL(18, 2)) AS amount) FROM told"
        )
        self._connection.unregister("told")

    def _columns(self, table: str, database: str = "journal") -> set[str]:
        rows = self._connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE database_name = $2 AND table_name = $1", [table, database]
        ).fetchall()
        return {name for (name,) in rows}

    def _tell(self, found: Apart) -> None:
        alike: dict[tuple[str, str], list[str]] = {}
        for (kind, name), what in sorted(found.items()):
            alike.setdefault((kind, what), []).append(name)
        for (kind, what), names in alike.items():
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            count = f"{len(names)} {kind if len(names) > 1 else kind.removesuffix('s')}"
            self._report.add(None, "journal", f"{count} {what}: {', '.join(names[:NAMED])}{more}")
        counts = self._connection.execute(
            "SELECT (SELECT count(*) FROM held_run), (SELECT count(*) FROM held_case)"
        ).fetchone() or (0, 0)
        unread = f"; amounts that are sealed apart were not compared: {self._shut}" if self._shut else ""
        self._report.journal = (
            f"journal: {counts[0]:,} runs and {counts[1]:,} cases held against the lake's records{unread}"
        )


def _word(record: Record) -> dict[str, object] | None:
    """What a record on its way says of a run or a case, as the statement `words` reads it of the lake."""
    if record.kind is RecordKind.SETTLEMENT:
        name = record.run_id
    elif record.kind is RecordKind.FINDING:
        name = (record.body or {}).get("case_id")
    elif record.kind is RecordKind.OPERATOR_ACTION and record.entity == "case" and record.status in _DECIDED:
        name = (record.business_key or "").removeprefix("case:")
    else:
        return None
    amount = None if record.amount is None else str(record.amount)
    return {
        "kind": record.kind.value,
        "id": name,
        "status": record.status,
        "business_key": record.business_key,
        "amount": amount,
        "sealed": record.sealed_amount,
    }


_DECIDED = ("acknowledged", "snoozed", "ignored", "reopened")
