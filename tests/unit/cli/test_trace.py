"""`tieout trace` finds a journey by the digits of an id that the console and other commands show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from app.readings.journey.question import TraceQuestion
from app.readings.journey.trace import trace
from app.readings.rights import ROLES
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import MASK
from models.lake.schema import TABLES
from models.lake.writer import open_writer
from tests.commands import tieout
from tests.unit.cli.test_commands import installed
from tests.unit.lake.samples import START, HandClock, settings_at

RUN, JOURNEY = "5f0c31d2" + "a" * 24, "77aa00bb" + "c" * 24
TRACE, ALONE = "0123abcd" + "d" * 24, "89ab0123" + "e" * 24
NAMED = "12345678-1234-1234-1234-1234567890ab"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for tests that leave its lake as it is."""
    return filled(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def traced(home: Path) -> Iterator[Callable[[str], Sequence[Any]]]:
    """What the command prints of a key, from one process that answers all."""
    with closing(Stores(settings_at(home))) as stores:
        yield lambda key: trace(stores, Viewer("anybody", frozenset(ROLES)), TraceQuestion(key))


def filled(home: Path) -> Path:
    writer = open_writer(settings_at(home), HandClock())
    row = {
        "record_id": "r-1",
        "recorded_at": START,
        "occurred_at": START,
        "kind": "failure",
        "run_id": RUN,
        "correlation_id": JOURNEY,
        "error_code": "closed-period",
        "body": '{"rate": "95", "hours": 8}',
        "amount": Decimal("760.00"),
        "currency": "EUR",
    }
    row |= {"trace_id": TRACE, "business_key": f"project:{NAMED}"}
    span = {
        "trace_id": ALONE,
        "span_id": "1" * 16,
        "name": "from elsewhere",
        "service_name": "mapper",
        "start_time": START,
        "recorded_at": START,
    }
    writer.append(
        {
            "records": pa.Table.from_pylist([row], TABLES["records"]),
            "spans": pa.Table.from_pylist([span], TABLES["spans"]),
        },
        "feed",
        1,
    )
    writer.close()
    return home


@pytest.mark.req("O2")
@pytest.mark.parametrize("key", [RUN, RUN[:8], JOURNEY[:9].upper()])
def test_eight_digits_are_enough(traced: Callable[[str], Sequence[Any]], key: str) -> None:
    assert [step.error_code for step in traced(key)] == ["closed-period"]


@pytest.mark.req("O2")
@pytest.mark.parametrize("key", [str(UUID(RUN)), str(UUID(JOURNEY)).upper(), str(UUID(TRACE)), NAMED])
def test_an_id_with_dashes_and_a_name_with_dashes_are_found(traced: Callable[[str], Sequence[Any]], key: str) -> None:
    assert [step.error_code for step in traced(key)] == ["closed-period"]


@pytest.mark.parametrize("key", [ALONE, str(UUID(ALONE))])
def test_a_trace_without_records_is_found_either_way(traced: Callable[[str], Sequence[Any]], key: str) -> None:
    assert [span.name for span in traced(key)] == ["from elsewhere"]


@pytest.mark.parametrize("key", [RUN[:7], "zz" + RUN[2:10]])
def test_fewer_digits_and_other_letters_find_nothing(traced: Callable[[str], Sequence[Any]], key: str) -> None:
    assert not traced(key)


@pytest.mark.finding("U16d")
@pytest.mark.req("O2")
def test_the_command_prints_what_is_found_and_says_where_nothing_is(home: Path) -> None:
    found, alone, nothing = (tieout(home, "trace", key) for key in (RUN[:8], ALONE, RUN[:7]))
    assert found.returncode == 0 and "closed-period" in found.stdout
    heads, row = found.stdout.splitlines()[:2]
    at = heads.index("batch_id")
    assert row[at : at + len("batch_id")].strip() == "1", "the batch whose seal proves it"
    assert alone.returncode == 0 and "from elsewhere" in alone.stdout
    assert nothing.returncode == 1 and "8 or more digits" in " ".join(nothing.stderr.split())


@pytest.mark.finding("A6b")
@pytest.mark.req("O2", "G2")
def test_a_payload_shows_as_on_the_page_masked_until_asked_and_the_asking_is_kept(home: Path) -> None:
    """G2: the home's owner has the right, uses it by name and says why."""
    why = ("--clear", "--reason", "a customer asks")
    shown, clear = (json.loads(tieout(home, "trace", RUN, *words, "--format", "json").stdout)[0] for words in ((), why))
    assert shown["body"] == {"rate": MASK, "hours": 8} and clear["body"] == {"rate": "95", "hours": 8}
    assert shown["amount"] == MASK and clear["amount"] == "760.00"
    refused = tieout(home, "trace", RUN, *why, TIEOUT_DEV_ROLES="operations")
    assert refused.returncode == 1 and "reveal" in refused.stderr
    without = tieout(home, "trace", RUN, "--clear")
    assert without.returncode == 2 and "--reason" in without.stderr and "95" not in without.stdout
    [kept] = [
        one for page in installed(home).feed.read(0) for one in page.records if one.status == "clear_values_shown"
    ]
    assert kept.actor == f"cli:{home.owner()}" and kept.body["reason"] == "a customer asks"


@pytest.mark.req("O2")
def test_a_word_that_names_several_things_asks_which(tmp_path: Path) -> None:
    home = filled(tmp_path)
    other = {"record_id": "r-2", "recorded_at": START, "occurred_at": START, "kind": "failure", "body": "{}"}
    other |= {"run_id": RUN[:31] + "b", "correlation_id": JOURNEY}
    writer = open_writer(settings_at(home), HandClock())
    writer.append({"records": pa.Table.from_pylist([other], TABLES["records"])}, "feed", 2)
    writer.close()
    done = tieout(home, "trace", RUN[:8])
    assert done.returncode == 1 and RUN in done.stderr and other["run_id"] in done.stderr
