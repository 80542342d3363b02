"""What verification found, said once a thing (A8)."""

from __future__ import annotations

from models.lake.breach import Report

FILE = "main/spans/a.parquet"


def test_a_file_is_one_thing_with_its_batches_that_do_not_hold() -> None:
    report = Report()
    report.add(3, "spans", f"file {FILE}: was changed", FILE, 40)
    report.add(3, "spans", f"file {FILE}: its footer cannot be read", FILE, 40)
    for batch in (5, 7, 41):
        report.add(batch, "spans", "cannot be read: bad page")
    report.add(5, "records", "its rows are not the ones that were sealed: altered or reordered")
    things = report.things()
    assert [(one.batch_id, one.table) for one in things] == [(3, "spans"), (41, "spans"), (5, "records")]
    assert things[0].what == (
        f"file {FILE}: was changed; its footer cannot be read; its rows of batches 5, 7 do not hold"
    )


def test_a_changed_file_of_seals_explains_the_chain_and_what_cannot_be_read() -> None:
    report = Report()
    report.add(1, "seals", "file s: was changed", "s", 24)
    report.add(16, "spans", "the chain of writer otlp breaks here: a seal before it was altered, removed or reordered")
    report.add(None, "records", "cannot be read: bad page")
    report.add(30, "records", "rows that were never sealed: they were put in past the writer")
    assert [(one.batch_id, one.table) for one in report.things()] == [(1, "seals"), (30, "records")]


def test_like_faults_of_many_batches_are_one_thing() -> None:
    report = Report()
    for batch in range(1, 31):
        report.add(batch, "spans", f"its {batch} rows are gone")
    (thing,) = report.things()
    assert thing.batch_id == 1
    assert thing.what == "its 1 rows are gone (so batches 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 20 more)"


def test_different_faults_stay_apart() -> None:
    report = Report()
    report.add(1, "spans", "its 5 rows are gone")
    report.add(1, "records", "its 5 rows are gone")
    report.add(2, "spans", "has 4 rows, 5 were sealed")
    assert len(report.things()) == 3
