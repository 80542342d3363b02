"""A change of the installation's catalogue is a record, a restart is none (S3, G4)."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Thread

import pytest

from models.catalogue import Catalogue, load_catalogue
from models.domain.record import Record, RecordKind
from models.journal import Journal
from models.settings import Settings
from tests.catalogues import packaged

SYSTEM = """
[[system]]
name = "sap"
vendor = "sap"
role = "erp"
[system.credentials]
token = "SAP_TOKEN"
[system.policy]
rate = {rate}
"""


def installation(folder: Path, systems: str = SYSTEM.format(rate=5.0), **variables: str) -> Catalogue:
    (folder / "systems.toml").write_text(systems)
    return load_catalogue(Settings.model_validate({"catalogue": folder}), {"SAP_TOKEN": "s3cret", **variables})


def recorded(journal: Journal) -> list[Record]:
    return [record for page in journal.feed.read(0) for record in page.records]


@pytest.mark.req("S3", "G4")
def test_a_change_is_recorded_and_a_restart_is_not(any_journal: Journal, tmp_path: Path) -> None:
    """The record names old and new digest and each entry that changed, by file; no value, and no secret."""
    first = installation(tmp_path)
    assert any_journal.catalogues.record(first) is not None
    assert any_journal.catalogues.record(installation(tmp_path, SAP_TOKEN="another")) is None, "a restart"
    (tmp_path / "entities.toml").write_text(
        '[[entity]]\nid = "A"\nname = "A"\ncountry = "DE"\ncurrency = "EUR"\nzone = "Europe/Berlin"\n'
    )
    second = installation(tmp_path, SYSTEM.format(rate=9.0))
    assert any_journal.catalogues.record(second) is not None
    assert any_journal.catalogues.digest() == second.digest
    baseline, change = recorded(any_journal)
    assert {baseline.kind, change.kind} == {RecordKind.CATALOGUE}
    assert (baseline.status, baseline.body["before"], change.status) == ("first", None, "changed")
    assert {one["what"] for one in baseline.body["changes"]} == {"added"}
    assert change.body == {
        "before": first.digest,
        "after": second.digest,
        "changes": [
            {"file": "entities.toml", "entry": "A", "what": "added"},
            {"file": "systems.toml", "entry": "sap", "what": "changed"},
        ],
    }
    assert "s3cret" not in str(baseline) and "9.0" not in str(change)


@pytest.mark.req("G4")
def test_what_goes_is_recorded_too(journal: Journal, tmp_path: Path) -> None:
    journal.catalogues.record(installation(tmp_path))
    journal.catalogues.record(packaged())
    assert recorded(journal)[-1].body["changes"] == [{"file": "systems.toml", "entry": "sap", "what": "removed"}]


@pytest.mark.req("G4")
def test_engines_that_start_together_record_a_change_once(any_journal: Journal, tmp_path: Path) -> None:
    catalogue, ready = installation(tmp_path), Barrier(4)

    def start() -> None:
        ready.wait()
        any_journal.catalogues.record(catalogue)

    engines = [Thread(target=start) for _ in range(4)]
    for one in engines:
        one.start()
    for one in engines:
        one.join()
    assert len(recorded(any_journal)) == 1
