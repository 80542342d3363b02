"""The journal's runs and cases against the lake's records: what somebody wrote there by SQL is named, once (A5)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from models.canonical.classification import DataClass
from models.domain.errors import Misconfigured
from models.domain.record import Record, RecordKind
from models.journal import tables
from models.journal.cases.tables import case_
from models.journal.feed import packed
from models.journal.metadata import Instant, Json, metadata
from models.keys.keyring import Keyring
from models.lake import verify_journal
from models.lake.schema import TABLES
from models.lake.verify import verify
from models.lake.writer import open_writer
from models.settings import Settings
from tests.unit.lake.samples import START, HandClock, settings_at

pytestmark = pytest.mark.req("C5")
RUNS = {"a": "settled", "b": "dead", "c": "waiting"}
CASES = {"open": "open", "over": "resolved", "taken": "ignored"}
TOLD = [
    *({"kind": "settlement", "run_id": name, "status": state} for name, state in RUNS.items() if state != "waiting"),
    {"kind": "finding", "status": "open", "body": '{"case_id":"open"}'},
    {"kind": "finding", "status": "open", "body": '{"case_id":"over"}'},
    {"kind": "finding", "status": "resolved", "body": '{"case_id":"over"}'},
    {"kind": "finding", "status": "open", "body": '{"case_id":"taken"}'},
    {"kind": "operator_action", "status": "ignored", "entity": "case", "business_key": "case:taken"},
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home whose journal and lake agree."""
    monkeypatch.setattr(verify_journal, "PAUSE_SECONDS", 0.0)
    return agreeing(settings_at(tmp_path / "home"))


def agreeing(settings: Settings) -> Settings:
    with closing(open_writer(settings, HandClock())) as writer:
        writer.append({"records": rows(TOLD)}, "feed", 7)
        writer.checkpoint()

    def filled(connection: sa.Connection) -> None:
        made = [tables.run, case_, tables.feed, tables.feed_consumer]
        metadata.create_all(connection, tables=made)
        for name, state in RUNS.items():
            connection.execute(
                row(tables.run, run_id=name, state=state, business_key=f"time_entry:{name}", seq=ord(name))
            )
        for name, status in CASES.items():
            active = int(status == "open")
            connection.execute(row(case_, case_id=name, fingerprint=name, status=status, active=active, occurrences=0))
        connection.execute(tables.feed_consumer.insert().values(consumer="lake", position=7))

    with_journal(settings, filled)
    return settings


def with_journal(settings: Settings, work: Callable[[sa.Connection], Any]) -> None:
    engine = sa.create_engine(settings.journal_address)
    with engine.begin() as connection:
        work(connection)
    engine.dispose()


def row(table: sa.Table, **given: Any) -> sa.Insert:
    """An insert with something in each column that wants a value."""
    wanting = [column for column in table.columns if not column.nullable and column.name not in given]
    return table.insert().values(**{column.name: _something(column.type) for column in wanting}, **given)


def _something(kind: Any) -> Any:
    if isinstance(kind, Instant):
        return START
    if isinstance(kind, sa.Text):
        return ""
    return {} if isinstance(kind, Json) else 0


def rows(told: list[dict[str, Any]]) -> pa.Table:
    common = {"recorded_at": START, "occurred_at": START, "body": "{}"}
    return pa.Table.from_pylist(
        [
            {"business_key": f"time_entry:{one.get('run_id')}", **common, **one, "record_id": f"r-{number}"}
            for number, one in enumerate(told)
        ],
        schema=TABLES["records"],
    )


def said(settings: Settings) -> list[str]:
    return [one.what for one in verify(settings).breaches if one.table == "journal"]


def test_a_journal_that_agrees_is_said_to(settings: Settings) -> None:
    report = verify(settings)
    assert report.sound and report.journal == "journal: 3 runs and 3 cases held against the lake's records"


def of_run(name: str, **values: Any) -> sa.Update:
    return sa.update(tables.run).where(tables.run.c.run_id == name).values(**values)


def of_case(name: str, **values: Any) -> sa.Update:
    return sa.update(case_).where(case_.c.case_id == name).values(**values)


BY_SQL = {
    "1 run settled in the journal, dead in the lake: b": of_run("b", state="settled"),
    "1 run ready in the journal, settled in the lake: a": of_run("a", state="ready"),
    "1 run settled in the journal, and the lake saw no end of it: c": of_run("c", state="settled"),
    "1 run with another key or amount in the journal than in the lake: a": of_run("a", business_key="time_entry:x"),
    "1 case resolved in the journal, while the evidence in the lake says open: open": of_case(
        "open", status="resolved"
    ),
    "1 case open in the journal, while the evidence in the lake says resolved: over": of_case("over", status="open"),
    "1 case ignored in the journal, and nobody's action in the lake made it so: open": of_case(
        "open", status="ignored"
    ),
    "1 case found in the lake and gone from the journal: open": sa.delete(case_).where(case_.c.case_id == "open"),
    "1 case resolved in the journal, and the lake never saw it: new": of_case("over", case_id="new"),
}


@pytest.mark.finding("A5b")
@pytest.mark.parametrize("what", BY_SQL)
def test_what_was_written_by_sql_is_named(settings: Settings, what: str) -> None:
    with_journal(settings, lambda connection: connection.execute(BY_SQL[what]))
    assert said(settings) == [what]


AMOUNT = "1 run with another key or amount in the journal than in the lake: a"


@pytest.mark.req("C5", "G2")
@pytest.mark.parametrize(
    ("kept", "what"),
    [
        ("760.00", []),  # the very text
        ("760.0", []),  # the same money, written and so sealed otherwise
        ("761.00", [AMOUNT]),
        ("moved", [AMOUNT]),  # of another subject, by SQL
    ],
)
def test_sealed_amounts_are_compared_as_what_they_say(settings: Settings, kept: str, what: list[str]) -> None:
    keys = Keyring(settings)

    def sealed(amount: str, person: str = "R-1") -> str:
        return keys.seal(("person", person), f'"{amount}"', DataClass.LABOUR_RATE)

    ours = sealed("760.00", "R-1")
    if kept == "moved":
        held = sealed("760.00", "R-2").rpartition(".")[0] + "." + ours.rpartition(".")[2]
    else:
        held = sealed(kept)
    told = Record(
        RecordKind.SETTLEMENT, START, run_id="a", status="settled", business_key="time_entry:a", sealed_amount=ours
    )

    def move(connection: sa.Connection) -> None:
        connection.execute(of_run("a", amount=held))
        connection.execute(tables.feed.insert().values(position=8, records=packed([told])))

    with_journal(settings, move)
    assert said(settings) == what
    (settings.home / "keys" / "values.key").unlink()
    report = verify(settings)
    assert report.sound and ("not compared" in report.journal) == (held != ours)


def test_many_alike_are_one_line(settings: Settings) -> None:
    def forge(connection: sa.Connection) -> None:
        for number in range(30):
            key = f"time_entry:{number}"
            connection.execute(
                row(tables.run, run_id=f"n{number:02d}", state="settled", business_key=key, seq=1000 + number)
            )

    with_journal(settings, forge)
    (line,) = said(settings)
    assert line.startswith("30 runs settled in the journal, and the lake saw no end of it: n00, ") and "20 more" in line


def test_what_is_still_on_its_way_to_the_lake_is_not_missing(settings: Settings) -> None:
    """An engine without a collector: the feed keeps what the lake will say."""
    with_journal(settings, go_on)
    assert said(settings) == []


def test_a_journal_on_postgresql_is_held_the_same_way(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_journal, "PAUSE_SECONDS", 0.0)
    settings = agreeing(settings_at(tmp_path / "home", journal_url=postgres_url))
    with_journal(settings, go_on)
    assert said(settings) == []
    with_journal(settings, lambda connection: connection.execute(of_run("b", state="settled")))
    assert said(settings) == ["1 run settled in the journal, dead in the lake: b"]


def go_on(connection: sa.Connection) -> None:
    """A run and a case end, and the lake has not heard of it yet."""
    connection.execute(sa.update(tables.run).where(tables.run.c.run_id == "c").values(state="settled"))
    connection.execute(sa.update(case_).where(case_.c.case_id == "open").values(status="resolved", active=0))
    told = [
        Record(RecordKind.SETTLEMENT, START, run_id="c", status="settled", business_key="time_entry:c"),
        Record(RecordKind.FINDING, START, status="resolved", body={"case_id": "open"}),
    ]
    connection.execute(tables.feed.insert().values(position=8, records=packed(told)))


def test_a_lake_without_a_journal_says_so(settings: Settings) -> None:
    (settings.home / "journal.sqlite").unlink()
    report = verify(settings)
    assert report.sound and "none here" in report.journal


def test_the_journal_remembers_a_lake_that_was_deleted_with_all_that_attests_it(settings: Settings) -> None:
    for folder in ("lake", "witness", "keys"):
        for file in (settings.home / folder).rglob("*"):
            if file.is_file():
                file.unlink()
    assert [one.table for one in verify(settings).breaches] == ["catalogue"]
    with_journal(settings, lambda connection: connection.execute(sa.delete(tables.feed_consumer)))
    with pytest.raises(Misconfigured, match="nothing to verify"):
        verify(settings)
