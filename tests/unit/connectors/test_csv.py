"""Files as a source and as a target: exact bytes, robust text, nothing read twice, nothing lost (S6, N4)."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from errno import EIO, ENOSPC
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors.csv import CONNECTOR
from integrations.connectors.csv.client import CsvFile
from integrations.connectors.csv.numbers import hours, number
from integrations.connectors.csv.outbox import Outbox
from integrations.contracts.connector import Change, Page, Role, SystemConfig
from models.canonical.events import CloudEvent, data_of
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured, OutcomeUnknown, Retriable, Unmappable
from tests.sip import SIP, needs_sip

HEADER = "TaskNumber,Summary,StatusCode,ProjectCode,ProjectBreakdownCode,DeveloperID,DeveloperHoursActual\n"
DATES = (
    "TaskNumber,EstimateOn,StartedOn,CompletedOn\n1,01-Nov-04,02-Nov-04,16-Nov-04\n"
    "2,01-Nov-04,02-Nov-04,\n3,01-Nov-04,,\n4,01-Nov-04,,\n5,1 November,,\n"
)
EXAMPLES = Path(__file__).parents[3] / "integrations" / "connectors" / "csv" / "examples"


def source(folder: Path, rows: bytes, **options: Any) -> CONNECTOR:
    (folder / "Sip-task-info.csv").write_bytes(HEADER.encode() + rows)
    (folder / "est-act-dates.csv").write_text(DATES)
    return opened(folder, **options)


def opened(place: Path, /, **options: Any) -> CONNECTOR:
    settings: Mapping[str, Any] = {"folder": str(place), "mapping": str(EXAMPLES / "sip.toml"), **options}
    return CONNECTOR(SystemConfig("sip", "csv", Role.PSA, "file:///", ("NOV-UK",), {}, settings), SystemClock())


def time_of(page: Page) -> list[tuple[str, str, str]]:
    return [(event.subject, event.data["work_date"], event.data["hours"]) for event in page.events]


@pytest.mark.req("S6")
def test_rows_become_masters_and_time(tmp_path: Path) -> None:
    """Streams stand in dependency order; each master comes once, each row of work once, on its day or a stand-in."""
    connector = source(
        tmp_path,
        b'1,"a, ""b""",FINISHED,PC2,PBC42,58,1.75\n2,b,FINISHED,PC2,PBC42,58,0.7\n3,c,FINISHED,PC9,PBC42,43,12.25\n',
    )
    assert connector.streams == ("customers", "projects", "charge_codes", "resources", "time")
    subjects = {
        stream: [event.subject for event in connector.poll(stream, None).events] for stream in connector.streams
    }
    assert subjects["customers"] == ["customer:sip:SIP-CLIENT"]
    assert subjects["projects"] == ["project:PC2", "project:PC9"]
    assert subjects["charge_codes"] == ["charge_code:PC2.PBC42", "charge_code:PC9.PBC42"]
    assert subjects["resources"] == ["resource:SIP-58", "resource:SIP-43"]
    assert time_of(connector.poll("time", None)) == [
        ("time_entry:TE-sip-1-58", "2004-11-16", "1.75"),
        ("time_entry:TE-sip-2-58", "2004-11-02", "0.7"),
        ("time_entry:TE-sip-3-43", "2004-11-01", "12.25"),
    ]
    for stream in connector.streams:
        for event in connector.poll(stream, None).events:
            data_of(event)


@pytest.mark.req("N4", "S8")
@pytest.mark.parametrize(
    ("row", "code", "path"),
    [
        (b"4,x,FINISHED,PC2,PBC42,58,\n", "missing-field", "DeveloperHoursActual"),
        (b"4,x,FINISHED,PC2,PBC42,58,NA\n", "missing-field", "DeveloperHoursActual"),
        (b"4,x,FINISHED,PC2,PBC42,58,seven\n", "retyped-field", "DeveloperHoursActual"),
        (b"4,x,FINISHED,PC2,PBC42,58,1.7551234\n", "schema-violation", "hours"),
        (b"5,x,FINISHED,PC2,PBC42,58,7\n", "retyped-field", "EstimateOn"),
        (b"6,x,FINISHED,PC2,PBC42,58,7\n", "missing-field", "CompletedOn, StartedOn, EstimateOn"),
        (b"1,again,FINISHED,PC2,PBC42,58,7\n", "duplicate-row", "{TaskNumber}-{DeveloperID}"),
        (b"4,x,FINISHED\n", "bad-row", "row"),
        (b'4,"x,FINISHED,PC2,PBC42,58,7\n', "bad-row", "row"),
        (b"4,x,FINISHED,PC2,PBC42,,7\n", "missing-field", "DeveloperID"),
    ],
)
def test_a_bad_row_is_set_aside_and_its_neighbours_are_read(tmp_path: Path, row: bytes, code: str, path: str) -> None:
    """Missing hours, bad dates, doubled keys and broken rows are rejected where it shows; nothing is guessed."""
    connector = source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,1.75\n" + row + b"2,b,FINISHED,PC2,PBC42,58,0.7\n")
    page = connector.poll("time", None)
    assert [subject for subject, _, _ in time_of(page)] == ["time_entry:TE-sip-1-58", "time_entry:TE-sip-2-58"]
    [(source_id, raw, error)] = page.rejected
    assert (error.code, error.path) == (code, path) and source_id.startswith("tasks@") and json.dumps(dict(raw))


def test_a_row_filter_leaves_rows_out(tmp_path: Path) -> None:
    """Where a mapping says so, rows are no entries at all; the example of the real files says so nowhere, so that every
    hour counts.
    """
    row = b"1,a,TEMPLATE,PC2,PBC42,58,1.75\n"
    assert len(source(tmp_path, row).poll("time", None).events) == 1
    filtered = tmp_path / "filtered.toml"
    mapping = (EXAMPLES / "sip.toml").read_text()
    filtered.write_text(
        mapping.replace(
            'join = { file = "dates", on = "TaskNumber" }',
            'join = { file = "dates", on = "TaskNumber" }\n[stream.where]\nStatusCode = { not_in = ["TEMPLATE"] }',
        )
    )
    page = source(tmp_path, row, mapping=str(filtered)).poll("time", None)
    assert not page.events and not page.rejected


@pytest.mark.req("N4")
def test_text_in_two_encodings(tmp_path: Path) -> None:
    """UTF-8 and Windows-1252 side by side, a byte-order mark, quoted line ends and bytes that neither knows."""
    rows = (
        "1,Ümlaut – dash,FINISHED,PC2,PBC42,58,1\n".encode()
        + b"2,it\x92s \x81 odd,FINISHED,PC2,PBC42,58,2\n"
        + b'3,"two\r\nlines",FINISHED,PC2,PBC42,43,3\n'
    )
    (tmp_path / "est-act-dates.csv").write_text(DATES)
    (tmp_path / "Sip-task-info.csv").write_bytes(b"\xef\xbb\xbf" + HEADER.encode() + rows)
    page = opened(tmp_path).poll("time", None)
    assert [event.data["notes"] for event in page.events] == [
        "Ümlaut – dash",
        "it’s \ufffd odd",
        "two\nlines",
    ] and not page.rejected


@pytest.mark.req("S6", "E1")
def test_resuming_after_growth_and_after_replacement(tmp_path: Path) -> None:
    """Appended rows alone are read; a replaced file is read anew, under the same ids for the rows that are the same."""
    connector = source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,1.75\n")
    first = connector.poll("time", None)
    with (tmp_path / "Sip-task-info.csv").open("ab") as file:
        file.write(b"2,b,FINISHED,PC2,PBC42,58,0.7\n")
    second = opened(tmp_path).poll("time", first.cursor)
    assert [subject for subject, _, _ in time_of(second)] == ["time_entry:TE-sip-2-58"]
    replaced = source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,1.75\n2,b,FINISHED,PC2,PBC42,58,0.9\n").poll(
        "time", second.cursor
    )
    assert replaced.events[0].id == first.events[0].id
    assert replaced.events[1].id != second.events[0].id and len(replaced.events) == 2


@pytest.mark.req("N4")
def test_a_row_that_is_still_being_written(tmp_path: Path) -> None:
    """A last row without its line end is read once, and once more should it turn out longer."""
    connector = source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,1")
    first = connector.poll("time", None)
    assert time_of(first) == [("time_entry:TE-sip-1-58", "2004-11-16", "1")]
    assert not connector.poll("time", first.cursor).events
    with (tmp_path / "Sip-task-info.csv").open("ab") as file:
        file.write(b"7.5\n2,b,FINISHED,PC2,PBC42,58,0.7\n")
    second = connector.poll("time", first.cursor)
    assert [hours for _, _, hours in time_of(second)] == ["17.5", "0.7"]


def test_a_missing_file_or_mapping_is_named(tmp_path: Path) -> None:
    """N4: the message says what to put where."""
    with pytest.raises(Misconfigured, match="put the file in place"):
        opened(tmp_path).poll("projects", None)
    with pytest.raises(Misconfigured, match="cannot be read"):
        opened(tmp_path, mapping=str(tmp_path / "none.toml"))
    with pytest.raises(Misconfigured, match="option folder is not set"):
        opened(tmp_path, folder="")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[stream]]\n", "is not right"),
        ("x = [", "is not right"),
        (
            '[files.a]\npath="a"\n[[stream]]\nname="s"\nentity="toy"\nevent="e"\nfile="a"\nkey="k"\nfields={}\n',
            "no canonical entity",
        ),
        (
            '[files.a]\npath="a"\n[[stream]]\nname="s"\nentity="project"\nevent="e"\nfile="b"\nkey="k"\nfields={}\n',
            "which .files. does not have",
        ),
        (
            '[files.a]\npath="a"\n[[stream]]\nname="s"\nentity="rate"\nevent="e"\nfile="a"\nkey="k"\n'
            'fields={"per_hour.amount"=9.5}\n',
            "is a float",
        ),
    ],
)
def test_a_wrong_mapping_is_told_at_the_start(tmp_path: Path, text: str, message: str) -> None:
    """N4: strict when starting: a mapping's fault is found before the first row."""
    (tmp_path / "map.toml").write_text(text)
    with pytest.raises(Misconfigured, match=message):
        opened(tmp_path, mapping=str(tmp_path / "map.toml"))


# What is written back


def note(n: int, status: str = "successful") -> Change:
    return Change(
        "annotate", "time_entry", f"TE-sip-{n}-58", f"key-{n}-{status}", {"status": status, "message": "Posted"}
    )


@pytest.mark.req("E1")
def test_results_are_kept_once_and_shown(tmp_path: Path) -> None:
    """The last word about an entry shows in the snapshot; the same word twice is one line."""
    connector = source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,1.75\n", results=str(tmp_path / "out"))
    connector.deliver([note(1, "failed")])
    first, second = connector.deliver([note(1), note(1)])
    assert first.created and second == first  # type: ignore[union-attr]
    [seen] = connector.snapshot("time_entry")
    assert (
        seen.fields["sync_status"] == "successful"
        and len((tmp_path / "out" / "time_entry.jsonl").read_text().splitlines()) == 2
    )


def test_without_a_results_folder_writes_are_refused(tmp_path: Path) -> None:
    """N4: nowhere to write is a setting to mend, not a loss."""
    with pytest.raises(Misconfigured, match="set option results"):
        source(tmp_path, b"").deliver([note(1)])


@pytest.mark.req("C6")
def test_a_torn_line_is_cut_and_written_again(tmp_path: Path) -> None:
    """A writer that died inside its line acknowledged nothing; the next one starts clean."""
    box = Outbox(tmp_path)
    box.append("time_entry", [{"key": "a", "external_id": "1"}])
    with (tmp_path / "time_entry.jsonl").open("ab") as file:
        file.write(b'{"key": "b", "ext')
    assert Outbox(tmp_path).append(
        "time_entry", [{"key": "b", "external_id": "2"}, {"key": "a", "external_id": "1"}]
    ) == [True, False]
    assert [json.loads(line)["key"] for line in (tmp_path / "time_entry.jsonl").read_text().splitlines()] == ["a", "b"]


@pytest.mark.req("C6", "E1")
@pytest.mark.parametrize("failing", ["write", "fsync"])
def test_a_line_that_was_not_written_is_not_acknowledged_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """A full disk takes nothing: the file is as before, and the same change is new when it comes again."""
    box = Outbox(tmp_path)
    box.append("time_entry", [{"key": "a", "external_id": "1"}])

    def full(*_: object) -> int:
        raise OSError(ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, full)
        with pytest.raises(Retriable, match="No space left"):
            box.append("time_entry", [{"key": "b", "external_id": "2"}])
    assert box.append("time_entry", [{"key": "b", "external_id": "2"}]) == [True]
    assert [json.loads(line)["key"] for line in (tmp_path / "time_entry.jsonl").read_text().splitlines()] == ["a", "b"]


@pytest.mark.req("C6", "E2")
def test_a_short_write_goes_on_and_one_that_cannot_be_taken_back_is_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system may take only part of the bytes; where even the clean-up fails nobody knows what the file holds."""
    box, write = Outbox(tmp_path), os.write

    def broken(*_: object) -> None:
        raise OSError(EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda file, data: write(file, bytes(data[:7])))
        assert box.append("time_entry", [{"key": "a", "external_id": "1"}, {"key": "a", "external_id": "1"}]) == [
            True,
            False,
        ]
    assert json.loads((tmp_path / "time_entry.jsonl").read_text()) == {"key": "a", "external_id": "1"}
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        patch.setattr(os, "ftruncate", broken)
        with pytest.raises(OutcomeUnknown) as caught:
            box.append("time_entry", [{"key": "b", "external_id": "2"}])
    assert caught.value.key == "b"


def _append(folder: str) -> None:
    box = Outbox(Path(folder))
    for n in range(40):
        box.append("time_entry", [{"key": f"k{n}", "external_id": str(n)}])


@pytest.mark.req("E8")
def test_several_processes_share_one_outbox(tmp_path: Path) -> None:
    """Two writers with the same changes make each line once."""
    context = get_context("spawn")
    writers = [context.Process(target=_append, args=(str(tmp_path),)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    keys = [json.loads(line)["key"] for line in (tmp_path / "time_entry.jsonl").read_text().splitlines()]
    assert sorted(keys) == sorted(f"k{n}" for n in range(40))


# The real data set


@needs_sip
def test_the_real_files_come_through_whole() -> None:
    """X12: every row is an entry, a template or visibly rejected, and the hours balance to the hundredth."""
    connector = opened(SIP)
    events: list[CloudEvent] = []
    rejected, cursor, more = 0, None, True
    while more:
        page = connector.poll("time", cursor)
        events += page.events
        rejected, cursor, more = rejected + len(page.rejected), page.cursor, page.more
    with (SIP / "Sip-task-info.csv").open(encoding="cp1252", errors="replace", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(events) + rejected == len(rows) and len({event.id for event in events}) == len(events)
    if not rejected:
        assert sum(Decimal(event.data["hours"]) for event in events) == sum(
            Decimal(row["DeveloperHoursActual"]) for row in rows
        )
    assert len(connector.poll("projects", None).events) == len({row["ProjectCode"] for row in rows})


def test_records_know_their_bytes(tmp_path: Path) -> None:
    """S6: reading from a record's offset gives the same record."""
    path = tmp_path / "a.csv"
    path.write_bytes('n,t\n1,"ä\n"\n\n2,b\n'.encode())
    found = list(CsvFile(path).records())
    assert [record.columns["t"] for record in found] == ["ä\n", "b"]
    assert list(CsvFile(path).records(found[1].start)) == [found[1]]


@pytest.mark.req("S6", "N4")
def test_a_corrected_file_is_a_correction_whatever_its_time(tmp_path: Path) -> None:
    """S6: a copy that keeps an older time than the file it replaces still brings the later version of its rows."""
    connector = source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,1.75\n")
    file = tmp_path / "Sip-task-info.csv"
    first = connector.poll("time", None)
    file.write_bytes(HEADER.encode() + b"1,a,FINISHED,PC2,PBC42,58,2.75\n")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    second = connector.poll("time", first.cursor)
    (before,), (after,) = first.events, second.events
    assert after.data["hours"] == "2.75" and after.sourceversion > before.sourceversion
    assert after.time > before.time and after.id != before.id
    assert connector.poll("time", second.cursor).events == []


@pytest.mark.req("N4")
def test_a_header_that_names_a_column_twice_is_refused(tmp_path: Path) -> None:
    """N4: of two columns with one name nobody can say which counts; empty names, as of stray commas, are none."""
    file = CsvFile(tmp_path / "a.csv")
    file.path.write_text("Id,Hours,Hours\n1,2,3\n")
    with pytest.raises(Misconfigured, match="names column Hours twice"):
        list(file.records())
    file.path.write_text("Id,Hours,,\n1,2,,\n")
    assert [record.columns["Hours"] for record in file.records()] == ["2"]


@pytest.mark.req("N4")
@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ('Id,Text\n1,27" monitor\n2,x\n3,28"\n', "123"),
        ('Id,Text\n1,"27 monitor\n"2","x"\n3,y\n', "23"),
        ('Id,Text\n1,"a\nb, ""c"""\n2,x\n', "12"),
        ('Id,Text\n1,"a"b\n2,x\n', "2"),
    ],
    ids=["inch-marks", "opens-only", "two-lines", "after-its-end"],
)
def test_a_quote_costs_its_own_row_at_most(tmp_path: Path, content: str, ids: str) -> None:
    """N4: whatever a quote does in a row, the rows around it are read."""
    file = CsvFile(tmp_path / "a.csv")
    file.path.write_text(content)
    assert "".join(record.columns["Id"] for record in file.records() if record.fault is None) == ids


@pytest.mark.req("S6")
@pytest.mark.parametrize(
    ("text", "sign", "wanted"),
    [
        ("7,50", None, "7.50"),
        ("7.50", None, "7.50"),
        ("0,125", None, "0.125"),
        ("1,234", None, None),
        ("1.234", None, None),
        ("1,234", ",", "1.234"),
        ("1.234", ",", None),
        ("7,50", ".", None),
        ("1,234.5", ".", None),
        ("1_5", ".", None),
        ("1e1", ".", None),
        ("\u0661", ".", None),
        ("\u22122.5", ".", "-2.5"),
        ("9" * 50, ".", None),
    ],
)
def test_a_number_is_read_where_it_is_clear(text: str, sign: str | None, wanted: str | None) -> None:
    """S6: with the sign that the mapping names; without one, what may be thousands or a fraction is refused."""
    if wanted is None:
        with pytest.raises(Unmappable, match="column Hours"):
            number(text, "Hours", sign)
    else:
        assert number(text, "Hours", sign) == Decimal(wanted)


@pytest.mark.req("S6")
@pytest.mark.parametrize(
    ("text", "wanted"),
    [("01:30:00", "1.5"), ("7:35", "7.583333"), ("-0:45", "-0.75"), ("18:25 min", "0.306944"), ("45 sec", "0.0125")],
)
def test_durations_are_hours(text: str, wanted: str) -> None:
    """S6: as time trackers write them; to the millionth of an hour where minutes are no hundredths."""
    assert hours(text, "Hours", ".") == Decimal(wanted)
