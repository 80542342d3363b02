"""Value maps: what a word means on its day, which map counts, and what is never guessed (M8)."""

from __future__ import annotations

from datetime import date

import pytest

from models.domain.value_map import CANONICAL, Entry, MapBook, ValueMap, translated

pytestmark = pytest.mark.req("M8")
DAY = date(2026, 11, 30)
YEAR = date(2026, 1, 1)


def a_map(*entries: Entry, name: str = "expenses", **more: object) -> ValueMap:
    said = {"source": "kantata", "target": CANONICAL, "field": "expense.category", **more}
    return ValueMap(name=name, version=1, owner="finance", entries=entries, **said)  # type: ignore[arg-type]


def test_a_word_means_what_its_newest_row_says_on_the_day_of_the_fact() -> None:
    words = a_map(Entry("Train", "rail", YEAR), Entry("Train", "travel"), Entry("Hotel", "lodging", YEAR))
    assert [words.meaning("Train", day) for day in (date(2025, 12, 31), YEAR, DAY)] == ["travel", "rail", "rail"]
    assert words.meaning("Hotel", date(2025, 12, 31)) is None, "before its first day it is no word of the map"


@pytest.mark.parametrize("said", ["train", "Train ", "Tràin", " Train", "Train\u00a0"])
def test_a_word_counts_as_it_is_written_and_its_like_is_a_hint(said: str) -> None:
    words = a_map(Entry("Train", "travel"), Entry("Hotel", "lodging"))
    assert words.meaning(said, DAY) is None
    assert words.like(said) == "Train"


def test_there_is_a_default_only_where_one_is_stated() -> None:
    assert a_map(Entry("Train", "travel"), default="other").meaning("Balloon", DAY) == "other"
    assert a_map(Entry("Train", "travel")).meaning("Balloon", DAY) is None
    assert a_map(Entry("Train", "travel")).like("Balloon") is None


def test_a_system_s_own_map_takes_the_place_of_its_vendor_s() -> None:
    general = a_map(Entry("Train", "travel"), name="all")
    own = a_map(Entry("Train", "rail"), name="berlin", source="psa-berlin")
    book = MapBook([general, own], {"psa-berlin": "kantata", "psa-london": "kantata"})
    assert [one.name for one in book.between("psa-berlin", CANONICAL, "expense")] == ["berlin"]
    assert [one.name for one in book.between("psa-london", CANONICAL, "expense")] == ["all"]
    assert book.between("erp", CANONICAL, "expense") == book.between("psa-london", CANONICAL, "invoice") == ()


def test_between_two_systems_beats_canonical_to_the_target_field_by_field() -> None:
    out = a_map(Entry("travel", "6673"), name="out", source=CANONICAL, target="erp")
    direct = a_map(Entry("travel", "6674"), name="direct", source="kantata", target="erp")
    book = MapBook([out, direct])
    assert [one.name for one in book.sent("kantata", "erp", "expense")] == ["direct"]
    assert [one.name for one in book.sent("clock", "erp", "expense")] == ["out"]


def test_every_place_of_a_field_is_told_also_in_lists_and_empty_ones_stay() -> None:
    roles = a_map(Entry("Sr", "Senior"), field="opportunity.demand.role")
    line = a_map(Entry("IMPL", "Implementation"), field="opportunity.dimensions.service_line")
    body = {"demand": [{"role": "Sr"}, {"role": None}, {}, {"role": "Jr"}], "dimensions": {"service_line": "IMPL"}}
    told, used = translated([roles, line], body, DAY)
    assert told == {
        "demand": [{"role": "Senior"}, {"role": None}, {}, {"role": "Jr"}],
        "dimensions": {"service_line": "Implementation"},
    }
    assert [(one.said, one.means) for one in used] == [("Sr", "Senior"), ("Jr", None), ("IMPL", "Implementation")]
    assert body["dimensions"] == {"service_line": "IMPL"}, "what was handed in is as it was"


def test_a_snapshot_shows_canonical_words_where_one_is_told_without_doubt() -> None:
    line = a_map(
        Entry("Advisory", "11"),
        Entry("Engineering", "22"),
        Entry("Products", "22"),
        source=CANONICAL,
        target="erp",
        field="project.dimensions.service_line",
    )
    book = MapBook([line, a_map(Entry("Train", "travel"))])
    assert book.observed("erp", "project", {"service_line": "11", "x": 1}, DAY) == {"service_line": "Advisory", "x": 1}
    assert book.observed("erp", "project", {"service_line": "22"}, DAY) == {"service_line": "22"}, "two are told so"
    assert book.observed("kantata", "expense", {"category": "Train"}, DAY) == {"category": "travel"}
    assert book.observed("kantata", "expense", {"category": "Mule"}, DAY) == {"category": "Mule"}
    assert book.observed("kantata", "expense", {}, DAY) == {}


def test_what_is_waited_for_and_the_row_to_add_hold_any_word() -> None:
    words = a_map(Entry("Train", "travel"))
    assert words.awaited("a/b:c") == "value_map/expenses/a/b:c"
    assert len(words.awaited("x" * 10_000)) < 100, "an index holds it"
    assert words.row('12" "cut"\n') == '{ said = "12\\" \\"cut\\"\\n", means = "…" }'
