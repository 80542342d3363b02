"""What the READMEs show runs: blocks are cut from files here, which the program's own loaders and parsers read (N1)."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors.directory import GROUP, vendors
from integrations.engine.systems import installed
from models.catalogue import Catalogue
from models.domain.errors import Misconfigured
from models.lake.reader import open_reader
from models.settings import Settings
from tests.catalogues import packaged
from tests.contract.readme.blocks import READMES, ROOT, Block, blocks, cut, sources
from tests.contract.readme.commands import Command, fault, mentioned, shown

TOML = list(blocks("toml"))
FILES = {
    "system": "systems.toml",
    "flow": "flows.toml",
    "rule": "ownership.toml",
    "entity": "entities.toml",
    "policy": "policies.toml",
    "road": "roads.toml",
    "audience": "audiences.toml",
    "scheme": "webhooks.toml",
    "format": "formats.toml",
    "log": "logs.toml",
    "broker": "brokers.toml",
}
COMMANDS = [*shown(), *mentioned()]
VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


def test_every_block_is_cut_from_a_file_and_every_file_is_shown() -> None:
    """After a change of a file: `python -m tests.contract.readme.blocks`."""
    found = list(blocks("toml", "sh"))
    cut_from = [one.source for one in found if one.source is not None]
    assert [one.place for one in found if one.source is None] == []
    assert [one.place for one in found if one.source and one.source.read_text(encoding="utf-8") != one.text] == []
    assert sorted(cut_from) == sources()
    assert [one for one in READMES if cut(one) != one.read_text(encoding="utf-8")] == []


def entries(block: Block) -> dict[str, Any]:
    return tomllib.loads(block.text)


def file_of(text: str) -> str:
    """The file of a catalogue that this is: the one that its first line names, else that of its one table."""
    named = re.match(r"# (\w+\.toml)\n", text)
    (kind,) = tomllib.loads(text)
    return named[1] if named else FILES[kind]


def loaded(folder: Path, texts: Sequence[str]) -> Catalogue:
    """The catalogue of a folder with these files, every variable that they name being set."""
    folder.mkdir()
    for text in texts:
        (folder / file_of(text)).write_text(text, encoding="utf-8")
    settings = Settings.model_validate({"catalogue": folder})
    given = "whsec_" + "A" * 32  # some of them sign
    return installed(settings, {name: given for text in texts for name in VARIABLE.findall(text)})


def whole(readme: Path) -> list[str]:
    """A README's blocks that are files of a catalogue. A lone table of a system continues the system of the README."""
    texts = [one.text for one in TOML if one.readme == readme and not {"project"} & set(entries(one))]
    (first,) = [one.text for one in TOML if one.readme == ROOT / "README.md"]
    return [text if isinstance(next(iter(tomllib.loads(text).values())), list) else first + text for text in texts]


@pytest.mark.req("G4")
@pytest.mark.parametrize("readme", sorted({one.readme for one in TOML}), ids=lambda one: str(one.relative_to(ROOT)))
def test_an_installation_with_its_toml_starts(readme: Path, tmp_path: Path) -> None:
    """The blocks of a README are files of one catalogue, each entry is in it, and a misspelt key is refused."""
    texts = whole(readme)
    found = loaded(tmp_path / "as-shown", texts)
    ours = set(found.entries.items()) - set(packaged().entries.items())
    assert {entry.partition(" ")[0] for entry, _ in ours} == set(map(file_of, texts))
    assert {system.vendor for system in found.systems} <= set(vendors())
    spoilt = [re.sub(r"^(\w+) =", r"\1x =", text, count=1, flags=re.M) for text in texts]
    with pytest.raises(Misconfigured, match=r"\w+x"):
        loaded(tmp_path / "misspelt", spoilt)


@pytest.mark.req("S9")
def test_the_entry_point_is_the_one_that_is_looked_up() -> None:
    (project,) = [entries(one)["project"] for one in TOML if "project" in entries(one)]
    assert set(project["entry-points"]) == {GROUP}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: f"{one.place}: {' '.join(one.words)[:60]}")
def test_a_command_is_one_that_runs(command: Command) -> None:
    assert fault(command) is None


@pytest.mark.parametrize(
    "words",
    [
        "tieout replay --cases 1",
        "tieout replays",
        "tieout sandbox mend F12",
        "tieout cancel run-1",
        "tieout cases --limit many",
        "make demos",
        "make fresh SEEDS=1",
        "python -m tests.bench.nothing",
        "tie out",
    ],
)
def test_a_command_that_does_not_run_is_seen(words: str) -> None:
    assert fault(Command("here", {}, tuple(words.split()))) is not None


def test_what_does_not_stand_in_the_way_of_a_command_is_seen() -> None:
    up = (".venv/bin/tieout", "up")
    assert fault(Command("here", {"TIEOUT_SYSTEMS": "integrations/connectors/csv/examples/none.toml"}, up)) is not None
    assert fault(Command("here", {"OTEL_EXPORTER_ENDPOINT": "http://127.0.0.1:4318"}, up)) is not None


def test_sql_of_a_readme_is_answered_by_a_new_installation(tmp_path: Path) -> None:
    shown_whole = [one.words for one in COMMANDS if one.words[1:2] == ("sql",) and len(one.words) > 2]
    asked = [words[2] for words in shown_whole if "…" not in words[2]]
    assert len(asked) >= 2
    reader = open_reader(Settings.model_validate({"home": tmp_path}))
    try:
        for sql in asked:
            assert isinstance(reader.rows(sql), list)
    finally:
        reader.close()


def test_every_variable_is_a_setting_or_read_by_name() -> None:
    """N4: a name that nobody reads would be set without effect."""
    settings = {f"TIEOUT_{name.upper()}" for name in Settings.model_fields}
    named = {name for one in READMES for name in re.findall(r"TIEOUT_[A-Z_]*[A-Z]\b", one.read_text(encoding="utf-8"))}
    assert {"TIEOUT_HOME", "TIEOUT_SYSTEMS"} <= named & settings
    sources = subprocess.run(
        ["git", "ls-files", "*.py", "integrations/**/*.toml"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    read = {
        name
        for file in sources
        if (ROOT / file).is_file()
        for name in re.findall(r"[\"{(](TIEOUT_[A-Z_]*[A-Z])[\"}]", (ROOT / file).read_text(encoding="utf-8"))
    }
    assert named - settings - read == set()
