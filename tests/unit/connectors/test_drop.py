"""A drop folder: whole files, each once, with an acknowledgement that says what became of every row (S6, E11, N4)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.csv import CONNECTOR
from integrations.connectors.csv.sheet import LARGEST, NoWorkbook, table_of
from integrations.contracts.connector import Page, Role, SystemConfig
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured
from tests.unit.connectors.workbooks import workbook

pytestmark = pytest.mark.req("S6", "E11")
MAPPING = """
[files.t]
drop = "time*"
settle = {settle}
{more}
[[stream]]
name = "time"
entity = "time_entry"
event = "tieout.time_entry.approved"
file = "t"
key = "{{Id}}"
once = "reject"
[stream.fields]
project_ref = {{ ref = "project", id = "{{Project}}" }}
resource_ref = {{ ref = "resource", id = "{{User}}" }}
legal_entity_id = "NOV-UK"
work_date = {{ text = "{{Date}}", type = "date", format = "{day}" }}
hours = {{ text = "{{Hours}}", type = "decimal" }}
notes = {{ text = "{{Notes}}", optional = true }}
billable = true
approval = "approved"
"""
HEADER = "Id,Project,User,Date,Hours\n"
ROWS = HEADER + "1,P1,U1,2026-10-01,7.5\n2,P1,U1,2026-10-02,x\n3,P2,U2,2026-10-03,2\n"


class Folder:
    """A drop folder and its connector; each page goes on from the cursor before, as the engine's do."""

    def __init__(self, place: Path, settle: float = 0, more: str = "", day: str = "%Y-%m-%d") -> None:
        self.place = place / "drop"
        self.place.mkdir(exist_ok=True)
        mapping = place / "map.toml"
        mapping.write_text(MAPPING.format(settle=settle, more=more, day=day))
        options = {"folder": str(self.place), "mapping": str(mapping)}
        config = SystemConfig("sheets", "csv", Role("psa"), "file:///", ("NOV-UK",), {}, options)
        self.connector = CONNECTOR(config, SystemClock())
        self.cursor: str | None = None

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.place / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def pages(self, limit: int = 500) -> Iterator[Page]:
        """What the engine would read until nothing more waits."""
        while True:
            page = self.connector.poll("time", self.cursor, limit)
            self.cursor = page.cursor
            yield page
            if not page.more:
                return

    def read(self, limit: int = 500) -> list[tuple[str, str]]:
        return [(e.data["ref"]["id"], e.data["hours"]) for page in self.pages(limit) for e in page.events]

    def ack(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.place / f"{name}.ack.json").read_text())["streams"]["time"]
        return found


def test_a_file_is_read_once_and_acknowledged_row_by_row(tmp_path: Path) -> None:
    """S6: accepted and rejected are counted, a rejected row is named with its line, its field and what to do."""
    folder = Folder(tmp_path)
    folder.put("time-1.csv", ROWS)
    assert folder.read() == [("1", "7.5"), ("3", "2")] and folder.read() == []
    ack = folder.ack("time-1.csv")
    assert (ack["status"], ack["accepted"], ack["rejected"]) == ("partly", 2, 1)
    (row,) = ack["rejects"]
    assert (row["line"], row["field"], row["code"]) == (3, "Hours", "retyped-field") and len(row["do"]) > 20
    assert row["cells"] == {"Hours": "x"}, "what stands there, to be found and mended"


def test_it_is_acknowledged_only_after_its_rows_are_kept(tmp_path: Path) -> None:
    """E11: a page whose cursor was never committed is read again, after a death too; until then nobody is told."""
    folder = Folder(tmp_path)
    folder.put("time-1.csv", ROWS)
    first = folder.connector.poll("time", None, 1)
    assert not list(folder.place.glob("*.ack.json"))
    assert [e.id for e in folder.connector.poll("time", None, 1).events] == [e.id for e in first.events]
    last = folder.connector.poll("time", first.cursor, 500)
    assert json.loads(last.cursor)["done"] and not list(folder.place.glob("*.ack.json"))
    other = Folder(tmp_path)
    other.cursor = last.cursor
    assert other.read() == [] and other.ack("time-1.csv")["accepted"] == 2


def test_the_same_content_is_nothing_new_and_another_is(tmp_path: Path) -> None:
    """S6: known by its digest under any name, with word of it; another content under the same name is another batch."""
    folder = Folder(tmp_path)
    folder.put("time-1.csv", ROWS)
    folder.read()
    folder.put("time-1 (2).csv", ROWS)
    assert folder.read() == []
    assert folder.ack("time-1 (2).csv")["status"] == "known" and "time-1.csv" in folder.ack("time-1 (2).csv")["why"]
    folder.put("time-1.csv", ROWS.replace(",x", ",4"))
    (page, *_) = folder.pages()
    assert [e.data["hours"] for e in page.events] == ["7.5", "4", "2"] and "t@2" in page.seen
    assert folder.ack("time-1.csv")["rejected"] == 0
    (folder.place / "time-1.csv.ack.json").unlink()
    (folder.place / "time-1 (2).csv.ack.json").unlink()
    assert len(folder.read()) == 5, "who wants a file read again takes its acknowledgement away"


def test_a_half_written_file_waits(tmp_path: Path) -> None:
    """S6: by its name, by what still moves, or for its mark; a link is not followed out of the folder."""
    folder = Folder(tmp_path, settle=3600)
    for name in ("time.csv", "time.csv.part", ".time.csv", "~$time.xlsx"):
        folder.put(name, ROWS)
    assert folder.read() == []
    marked = Folder(tmp_path, settle=3600, more="done = true")
    assert marked.read() == []
    marked.put("time.csv.done", "")
    (marked.place / "time-link.csv").symlink_to(tmp_path / "map.toml")
    marked.put("time-link.csv.done", "")
    assert len(marked.read()) == 2 and not (marked.place / "time-link.csv.ack.json").exists()


def test_what_moves_is_watched_by_its_state_and_not_by_its_time(tmp_path: Path) -> None:
    """A copy may keep an old time while it still grows: it is whole once two looks apart saw the same."""
    now, folder = 0.0, Folder(tmp_path, settle=2)
    folder.connector._drops["t"]._drop._seconds = lambda: now
    path = folder.put("time.csv", ROWS[:60])
    os.utime(path, (1, 1))
    assert folder.read() == []
    now, _ = 1.5, folder.put("time.csv", ROWS)
    assert folder.read() == []
    now = 3.0
    assert folder.read() == []
    now = 3.6
    assert len(folder.read()) == 2


@pytest.mark.req("N4")
def test_what_cannot_be_read_is_named_and_holds_up_no_other(tmp_path: Path) -> None:
    """N4: too large, no table, another layout: refused with the reason and a dead letter; mended, it is read."""
    folder = Folder(tmp_path, more="largest_mib = 1")
    folder.put("time-a.csv", b"x" * (2 << 20))
    folder.put("time-b.xlsx", b"PK\x03\x04 no workbook")
    folder.put("time-c.csv", "Name,Amount\na,1\n")
    folder.put("time-d.csv", ROWS)
    pages = list(folder.pages())
    rejected = {name: str(error) for page in pages for name, _, error in page.rejected if "@@" in name}
    assert sorted(rejected) == ["t@@time-a.csv", "t@@time-b.xlsx", "t@@time-c.csv"]
    assert "divide it" in rejected["t@@time-a.csv"] and "save it as CSV" in rejected["t@@time-b.xlsx"]
    assert "Date, Hours, Id" in rejected["t@@time-c.csv"] and folder.ack("time-c.csv")["status"] == "refused"
    assert folder.ack("time-d.csv")["accepted"] == 2
    folder.put("time-c.csv", HEADER + "9,P1,U1,2026-10-09,1\n")
    assert "t@@time-c.csv" in next(folder.pages()).seen


SHAPES = {
    "title, blank line and totals": ("Time of October\n\n" + ROWS + "Total,,,,9.5\n", "%Y-%m-%d"),
    "BOM, semicolons, decimal comma, day first": (
        "\ufeffId;Project;User;Date;Hours\n1;P1;U1;01.10.2026;7,5\n2;P1;U1;02.10.2026;x\n3;P2;U2;03.10.2026;2\n"
        "Summe:;;;;9,50\n",
        "%d.%m.%Y",
    ),
    "tabs, short line of totals": (ROWS.replace(",", "\t") + "Gesamt\t9.5\n", "%Y-%m-%d"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_tables_as_people_export_them(tmp_path: Path, name: str) -> None:
    """S6: a line of totals is no row and no reject; its figure is held against the rows."""
    text, day = SHAPES[name]
    folder = Folder(tmp_path, day=day)
    folder.put("time.csv", text)
    assert [(key, Decimal(hours)) for key, hours in folder.read()] == [("1", Decimal("7.5")), ("3", Decimal(2))]
    ack = folder.ack("time.csv")
    assert (ack["accepted"], ack["rejected"], ack["rejects"][0]["field"]) == (2, 1, "Hours")
    assert all(one["agrees"] for one in ack["totals"]) and bool(ack["totals"]) is ("short" not in name)


def test_a_row_that_reads_is_a_row_whatever_its_first_word(tmp_path: Path) -> None:
    """A customer may be called Total: what the mapping can read is never taken for a sum."""
    folder = Folder(tmp_path)
    folder.put("time.csv", HEADER + "Total,P1,U1,2026-10-01,3\n")
    assert folder.read() == [("Total", "3")]


def test_a_workbook_is_a_table_like_any_other(tmp_path: Path) -> None:
    """S6: dates, spans and numbers by their formats; a header of two rows; a text that is merged over rows; totals."""
    rows = [
        ["Time of October", None, None, None, None],
        ["Id", "Project", "User", "Work", None],
        [None, None, None, "Date", "Hours"],
        [1, "P1", "U1", date(2026, 10, 1), 7.1 + 0.4],
        [2, None, "U1", date(2026, 10, 2), timedelta(hours=1, minutes=30)],
        [],
        [3, "P2", "U2", date(2026, 10, 3), "2.0"],
        ["Total", None, None, None, 11],
    ]
    folder = Folder(tmp_path)
    folder.put("time.xlsx", workbook(rows, ["A1:E1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "B4:B5"], hidden=True))
    assert [(key, Decimal(hours)) for key, hours in folder.read()] == [
        ("1", Decimal("7.5")),
        ("2", Decimal("1.5")),
        ("3", Decimal(2)),
    ]
    ack = folder.ack("time.xlsx")
    assert (ack["accepted"], ack["rejected"]) == (3, 0) and ack["totals"] == [
        {"line": 8, "column": "Hours", "says": "11", "rows": "11.00", "agrees": True}
    ]
    assert [one.fields["work_date"] for one in folder.connector.snapshot("time_entry")] == [
        "2026-10-01",
        "2026-10-02",
        "2026-10-03",
    ]


def test_a_merged_number_counts_once() -> None:
    assert table_of(workbook([["a", "b"], ["x", 8], ["y", None]], ["B2:B3"])) == b"a,b\nx,8\ny,\n"


@pytest.mark.req("N4")
@pytest.mark.parametrize("content", [b"PK\x03\x04", workbook([["a"]])[:-30], b"PK\x03\x04" + bytes(4000)])
def test_what_is_no_workbook_says_so(content: bytes) -> None:
    with pytest.raises(NoWorkbook, match="save it as CSV"):
        table_of(content)


@pytest.mark.req("N4")
def test_a_small_file_that_unpacks_to_the_world_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.connectors.csv.sheet.LARGEST", 1000)
    with pytest.raises(NoWorkbook, match="unpacks to more"):
        table_of(workbook([["x" * 2000]]))
    assert LARGEST > 1000


@given(
    st.lists(
        st.lists(st.integers(-(10**14), 10**14) | st.text("ab,;\"' é", min_size=1) | st.none(), max_size=4), max_size=6
    )
)
def test_what_stands_in_a_sheet_stands_in_the_table(rows: list[list[Any]]) -> None:
    """Each cell comes out as it stands, but for blanks at its ends and breaks within; empty rows keep their place."""
    import csv

    lines = table_of(workbook(rows)).decode().split("\n")[:-1]
    read = [[cell for cell in next(csv.reader([line]), []) if cell] for line in lines]
    wanted = [[" ".join(str(one).split()) for one in row if one is not None and str(one).strip()] for row in rows]
    while wanted and not wanted[-1]:
        wanted.pop()
    while read and not read[-1]:
        read.pop()
    assert read == wanted


@pytest.mark.parametrize(("more", "said"), [('path = "a.csv"', "either `path`, or `drop`"), ("largest_mib = 1", None)])
def test_a_wrong_drop_is_told_at_the_start(tmp_path: Path, more: str, said: str | None) -> None:
    if said is None:
        assert Folder(tmp_path, more=more).connector.check().endswith("what comes as time*")
        return
    with pytest.raises(Misconfigured, match=said):
        Folder(tmp_path, more=more)


SECOND = """
[[stream]]
name = "people"
entity = "resource"
event = "tieout.resource.changed"
file = "t"
key = "{User}"
[stream.fields]
number = "{User}"
name = "{User}"
legal_entity_id = "NOV-UK"
"""


def test_each_stream_of_a_file_is_acknowledged_by_itself(tmp_path: Path) -> None:
    """S6: one file may hold people and their time; what one stream has read the other still reads."""
    folder = Folder(tmp_path)
    mapping = tmp_path / "map.toml"
    mapping.write_text(mapping.read_text() + SECOND)
    both = Folder.__new__(Folder)
    both.place, both.cursor = folder.place, None
    both.connector = CONNECTOR(folder.connector.config, SystemClock())
    both.put("time.csv", ROWS)
    assert len(both.read()) == 2
    people, cursor = [], None
    while (page := both.connector.poll("people", cursor)).more:
        people += [event.data["number"] for event in page.events]
        cursor = page.cursor
    assert people == ["U1", "U2"]
    told = json.loads((both.place / "time.csv.ack.json").read_text())["streams"]
    assert {name: (one["accepted"], one["left_out"]) for name, one in told.items()} == {
        "time": (2, 0),
        "people": (2, 1),
    }


def test_the_file_that_came_last_is_the_later_version_whatever_its_time(tmp_path: Path) -> None:
    """S6: events and snapshots agree, also where a corrected file keeps an older time than what it corrects."""
    folder = Folder(tmp_path)
    folder.put("time-1.csv", HEADER + "1,P1,U1,2026-10-01,8\n")
    (first,) = [event for page in folder.pages() for event in page.events]
    os.utime(folder.put("time-2.csv", HEADER + "1,P1,U1,2026-10-01,6\n"), (1_000_000, 1_000_000))
    (second,) = [event for page in folder.pages() for event in page.events]
    assert second.sourceversion > first.sourceversion and second.subject == first.subject
    assert [one.fields["hours"] for one in folder.connector.snapshot("time_entry")] == ["6"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Id,Project,User,Date,Date", "the nearest line lacks Hours and names Date twice"),
        ("Id,Project,User,Day,Hours", "the nearest line lacks Date; name"),
        ("a,b,c", "Project, User: name them as the mapping does"),
        ("", "Project, User: name them as the mapping does"),
    ],
)
def test_a_refused_file_says_what_its_header_lacks(tmp_path: Path, header: str, said: str) -> None:
    folder = Folder(tmp_path)
    folder.put("time.csv", f"{header}\n1,P1,U1,2026-10-01,7.5\n" if header else "")
    list(folder.pages())
    list(folder.pages())
    told = json.loads((folder.place / "time.csv.ack.json").read_bytes())["streams"]["time"]
    assert told["status"] == "refused" and said in told["why"]
