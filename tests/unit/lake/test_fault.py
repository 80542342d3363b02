"""Whatever is raised where a statement is answered arrives where it was asked, as an error that fits."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from models.domain.errors import Misconfigured, Rejected
from models.lake.fault import AnswerFailed, fault_of
from models.lake.read_only import NotReadOnly
from models.lake.reader import open_reader
from models.lake.steady import Overtaken
from tests.unit.lake.samples import settings_at


@pytest.mark.parametrize("kind", [Misconfigured, NotReadOnly, Overtaken, duckdb.BinderException, duckdb.IOException])
def test_known_errors_arrive_as_they_were(kind: type[Exception]) -> None:
    arrived = fault_of(kind("what went wrong")).error()
    assert type(arrived) is kind and str(arrived) == "what went wrong"


@pytest.mark.parametrize(
    "error",
    [Rejected("no such project", code="c"), MemoryError("full"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")],
)
def test_any_other_arrives_with_its_name_and_words(error: Exception) -> None:
    arrived = fault_of(error).error()
    assert isinstance(arrived, AnswerFailed) and type(error).__name__ in str(arrived) and str(error) in str(arrived)


def test_a_fault_leaves_the_process_answering(tmp_path: Path) -> None:
    reader = open_reader(settings_at(tmp_path))
    assert reader.rows("SELECT 1 AS one") == [{"one": 1}]
    process = reader._process
    with pytest.raises(duckdb.CatalogException, match="no_such_table"):
        reader.rows("SELECT * FROM no_such_table")
    with pytest.raises(duckdb.ConversionException):
        reader.rows("SELECT CAST('x' AS INTEGER)")
    assert reader.rows("SELECT 2 AS two") == [{"two": 2}] and reader._process is process
    reader.close()
