"""The TOML and shell blocks of the rooms' READMEs, each cut from a file: of this folder, or beside the README.

A source is a path of the checkout; a bare name lies beside the README, so that a connector's folder is whole.
`python -m tests.contract.readme.blocks` cuts them anew after a file was changed. READMEs below `tests/` are
left out: they record what was once done with another release.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
ROOMS = ("app", "collectors", "integrations", "models")
READMES = [
    ROOT / "README.md",
    ROOT / "tests" / "README.md",
    *sorted(file for room in ROOMS for file in (ROOT / room).rglob("README.md")),
]
_BLOCK = re.compile(
    r"^(?: *<!-- from (?P<source>\S+) -->\n)?(?P<pad> *)```(?P<kind>toml|sh)\n(?P<text>.*?)^ *```$", re.M | re.S
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the README it stands in, its language, its text, and the file that it is cut from."""

    readme: Path
    kind: str
    text: str
    source: Path | None

    @property
    def place(self) -> str:
        return f"{self.readme.relative_to(ROOT)}: {self.source.name if self.source else self.text.splitlines()[0]}"


def blocks(*kinds: str) -> Iterator[Block]:
    """Every block of these languages, in the order of the READMEs."""
    for readme in READMES:
        for found in _BLOCK.finditer(readme.read_text(encoding="utf-8")):
            if found["kind"] in kinds:
                yield Block(readme, found["kind"], textwrap.dedent(found["text"]), source(readme, found["source"]))


def source(readme: Path, name: str | None) -> Path | None:
    """The file that a block names; None where it names none."""
    return (ROOT if "/" in name else readme.parent) / name if name else None


def sources() -> list[Path]:
    """Every file that a block is cut from: those of this folder, and each connector's system."""
    here = (file for file in HERE.glob("*.*") if file.suffix in (".toml", ".sh"))
    return sorted([*here, *(ROOT / "integrations" / "connectors").glob("*/system.toml")])


def prose(readme: Path) -> str:
    """A README without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", readme.read_text(encoding="utf-8"), flags=re.M | re.S)


def cut(readme: Path) -> str:
    """The README with every block as its source has it; a block without one stays."""

    def fresh(found: re.Match[str]) -> str:
        file = source(readme, found["source"])
        if file is None:
            return found[0]
        text = textwrap.indent(file.read_text(encoding="utf-8"), found["pad"])
        return found[0].replace(found["text"], text)

    return _BLOCK.sub(fresh, readme.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for one in READMES:
        one.write_text(cut(one), encoding="utf-8")
