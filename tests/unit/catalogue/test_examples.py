"""What the READMEs and the examples show can be loaded as it stands (N4)."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from models.catalogue import Catalogue, load_catalogue
from models.catalogue.files import FILES
from models.domain.audience import Road
from models.settings import Settings
from tests.catalogues import packaged

ROOT = Path(__file__).parents[3]
ROOM = ROOT / "models" / "catalogue" / "README.md"
TOML = re.compile(r"```toml\n(.*?)```", re.S)


def blocks(readme: Path) -> list[str]:
    return TOML.findall(readme.read_text(encoding="utf-8"))


def named(block: str) -> str:
    """The file that a block of the room's README says it is."""
    return block.splitlines()[0].removeprefix("# ")


STANDS_ON = {"audiences.toml": "roads.toml", "logs.toml": "formats.toml", "maps.toml": "systems.toml"}
"""Nothing is packaged of whom to tell, of a firm's formats and systems: the one file's example needs the other's."""


def loaded(folder: Path) -> Catalogue:
    given = Settings.model_validate({"catalogue": folder, "environment": "production"})
    return load_catalogue(given, {"ACME_NETSUITE_TOKEN": "s3cret"}, packaged().flows, {"netsuite"})


def test_the_rooms_examples_are_an_installation(tmp_path: Path) -> None:
    for block in blocks(ROOM):
        (tmp_path / named(block)).write_text(block, encoding="utf-8")
    found = loaded(tmp_path)
    [system] = found.systems
    assert (system.policy.rate, system.policy.concurrency, system.credentials) == (5.0, 3, {"token": "s3cret"})
    assert found.service_levels["time-to-bill"] == 480 * 60
    assert found.ownership.owner("customer", "tax_profile", ("crm", "erp"), "ACME-DE") == "erp"
    assert str(found.legal_entities["ACME-DE"].zone) == "Europe/Berlin"
    finance = next(one for one in found.audiences if one.name == "finance")
    assert (finance.at_least, finance.digest, str(finance.zone)) == (Decimal(25_000), time(8), "Europe/Berlin")
    assert found.roads["finance-mail"] == Road("finance-mail", "apprise", "ACME_FINANCE_MAIL")


@pytest.mark.parametrize("block", blocks(ROOM), ids=named)
def test_each_example_stands_on_the_packaged_files_alone(tmp_path: Path, block: str) -> None:
    for one in blocks(ROOM):
        if named(one) in (named(block), STANDS_ON.get(named(block))):
            (tmp_path / named(one)).write_text(one, encoding="utf-8")
    assert loaded(tmp_path).digest != packaged().digest


def test_the_table_lists_every_file_and_packaged_role() -> None:
    text = ROOM.read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+\.toml)` \|", text, re.M)) == sorted(FILES)
    assert ", ".join(packaged().roles) in text


@pytest.mark.parametrize("number", range(len(blocks(ROOT / "README.md"))))
def test_what_the_first_page_shows_is_a_systems_file(tmp_path: Path, number: int) -> None:
    (tmp_path / "systems.toml").write_text(blocks(ROOT / "README.md")[number], encoding="utf-8")
    assert [system.role for system in loaded(tmp_path).systems] == ["erp"]


def test_the_example_of_files_instead_of_an_api_is_a_systems_file() -> None:
    file = ROOT / "integrations" / "connectors" / "csv" / "examples" / "sip-systems.toml"
    given = Settings.model_validate({"systems": file})
    systems = load_catalogue(given, {"TIEOUT_SANDBOX_SECRET": "x"}, vendors={"csv", "netsuite"}).systems
    assert {system.name: system.role for system in systems} == {"sip": "psa", "netsuite": "erp"}
    assert systems[0].options["mapping"] == f"{file.parent}/sip.toml"
