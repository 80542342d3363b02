"""The sandbox's memory: what was flushed comes back, a cut line does not, numbers are never given twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.sandbox.world import ledger as module
from integrations.sandbox.world.ledger import Ledger


def test_rows_come_back_with_their_indexes(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "vendors.jsonl")
    table = first.table("t")
    colour = table.index(lambda row: row.get("colour"))
    for number in range(3):
        table.put(str(number), {"colour": "red" if number else "blue"})
    table.change("1", colour="blue")
    table.delete("2")
    first.flush()
    second = Ledger(tmp_path / "vendors.jsonl").table("t")
    assert second.rows == {"0": {"colour": "blue"}, "1": {"colour": "blue"}} == table.rows
    assert second.index(lambda row: row["colour"]).keys("blue") == colour.keys("blue") == ["0", "1"]
    assert colour.keys("red") == []


def test_a_line_that_a_kill_cut_short_is_left_out_and_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "vendors.jsonl"
    first = Ledger(path)
    first.table("t").put("1", {"a": 1})
    first.close()
    path.write_bytes(path.read_bytes() + b'["t","2",{"a"')
    second = Ledger(path)
    assert list(second.table("t").rows) == ["1"]
    second.table("t").put("3", {"a": 3})
    second.close()
    assert list(Ledger(path).table("t").rows) == ["1", "3"]


def test_compacting_keeps_rows_and_never_gives_a_number_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "vendors.jsonl"
    first = Ledger(path)
    for _ in range(50):
        first.table("t").put(first.table("t").new_key(), {"a": 1})
    for number in range(11, 51):
        first.table("t").delete(str(number))
    first.close()
    size = path.stat().st_size
    monkeypatch.setattr(module, "COMPACT_ABOVE", 100)
    second = Ledger(path)
    assert path.stat().st_size < size / 3
    assert len(second.table("t")) == 10
    assert second.table("t").new_key() == "51"
    third = Ledger(path).table("t")
    assert third.changed == third.rows.keys(), "the number that is kept is no row that changed"


def test_what_was_not_flushed_is_not_on_file(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "vendors.jsonl")
    first.table("t").put("1", {})
    assert len(Ledger(tmp_path / "vendors.jsonl").table("t")) == 0
