"""Value maps as the catalogue says them: faults are sentences with their line, all in one message (M8, N4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.catalogue.change import changes_of
from models.domain.value_map import CANONICAL
from tests.unit.catalogue.test_catalogue import loaded, refused

pytestmark = pytest.mark.req("M8", "N4")
SYSTEMS = '[[system]]\nname = "psa"\nvendor = "kantata"\nrole = "psa"\nbase_url = "https://psa.example"\n'
HEAD = """[[map]]
name = "expenses"
version = 2
owner = "finance"
source = "psa"
target = "canonical"
field = "expense.category"
"""
MAP = HEAD + 'words = [\n  { said = "Train", means = "travel" },\n  { said = "Hotel", means = "lodging" },\n]\n'


def test_a_map_says_whose_words_it_has_which_version_it_is_and_where_it_stands(tmp_path: Path) -> None:
    catalogue = loaded(tmp_path, maps=MAP, systems=SYSTEMS)
    (one,) = catalogue.words.between("psa", CANONICAL, "expense")
    assert (one.name, one.version, one.owner, one.system) == ("expenses", 2, "finance", "psa")
    assert one.path == str(tmp_path / "maps.toml")
    assert [(row.said, row.means) for row in one.entries] == [("Train", "travel"), ("Hotel", "lodging")]


def test_each_version_is_an_entry_of_its_own(tmp_path: Path) -> None:
    before = loaded(tmp_path, maps=MAP, systems=SYSTEMS)
    after = loaded(tmp_path, maps=MAP.replace("version = 2", "version = 3"), systems=SYSTEMS)
    changes = [(one.file, one.entry, one.what) for one in changes_of(before.entries, after.entries)]
    assert changes == [
        ("maps.toml", "expenses version 2", "removed"),
        ("maps.toml", "expenses version 3", "added"),
    ]


@pytest.mark.parametrize(
    ("maps", "said"),
    [
        (MAP.replace('"Hotel"', '"Train"'), "'Train' is told twice (line 9 and line 10): keep one row"),
        (MAP.replace("[[map]]", "# a note\n[[map]]").replace('"Hotel"', "'Train'"), "(line 10 and line 11)"),
        (MAP.replace('"psa"', '"canonical"'), "source and target are one"),
        (MAP.replace('"psa"', '"erp2"'), "'erp2' is none of canonical, kantata, psa"),
        (MAP.replace('"finance"', '"nobody"'), "owner 'nobody' is none of"),
        (MAP.replace("expense.category", "expense.amount"), "holds no words"),
        (MAP.replace("expense.category", "expense.colour.role"), "holds no words"),
        (MAP.replace("expense.category", "zebra.role"), "holds no words"),
        (MAP.replace("expense.category", "project.project_id"), "holds no words"),
        (MAP.replace("version = 2", "version = 0"), "version: "),
        (MAP.replace("travel", ""), "words.0.means: "),
        (MAP.replace("means", "meens"), "unknown key words.0.meens: use said, means, since"),
        (HEAD + "words = []\n", "words: "),
        (MAP + MAP.replace('"expenses"', '"again"'), "map expenses tells expense.category from psa to canonical too"),
        (MAP.replace("expense.category", "opportunity.contract_type"), "has a fixed list of words"),
        (
            MAP.replace("expense.category", "contract.contract_type").replace("canonical", "kantata"),
            "'Hotel', 'Train' is none of the words of contract.contract_type: fixed_price, retainer",
        ),
    ],
)
def test_what_cannot_be_so_is_said_at_the_start(tmp_path: Path, maps: str, said: str) -> None:
    assert said in refused(tmp_path, maps=maps, systems=SYSTEMS)


def test_one_word_may_mean_another_thing_from_a_day_on(tmp_path: Path) -> None:
    later = MAP.replace('"Hotel", means = "lodging"', '"Train", means = "rail", since = 2026-01-01')
    (one,) = loaded(tmp_path, maps=later, systems=SYSTEMS).maps
    assert len(one.entries) == 2
