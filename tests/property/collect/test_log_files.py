"""A log that is written, cut, rotated and compressed at random, under a collector that is killed at random: every
record is in the lake once (C2). A failure prints its seed; `LOGS_SEED` plays it again, `LOGS_STORIES` plays so many.

The oracle writes numbered lines and knows which of them nobody could have read: those destroyed before they landed.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from collectors.pipeline.commits import Commits
from collectors.tailing import ledger, watch
from tests.unit.collect.log_world import World, line, source, write

SEED = int(os.environ.get("LOGS_SEED", random.SystemRandom().getrandbits(32)))
STORIES = int(os.environ.get("LOGS_STORIES", 3))
STEPS = 50


class Killed(BaseException):
    """The process is gone; what it had in memory with it."""


class Mortal(Commits):
    """Commits that a kill may cut before or after an append lands."""

    def __init__(self, world: World, chance: random.Random) -> None:
        super().__init__(lambda: world.lake)
        self._chance = chance

    def append_once(self, tables: Mapping[str, pa.Table], writer: str, number: int) -> bool:
        self._perhaps()
        landed = super().append_once(tables, writer, number)
        self._perhaps()
        return landed

    def _perhaps(self) -> None:
        if self._chance.random() < 0.15:
            raise Killed


class Story:
    """One log, what is left of it, and what the oracle knows: `written` lines, and those `at_risk`."""

    def __init__(self, folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.chance = random.Random(seed)
        self.folder = folder / "logs"
        self.folder.mkdir(parents=True)
        self.log = self.folder / "app.log"
        self.listed = self.chance.choice(["app*", "app.log*", "app.log"])
        self.written: list[str] = []
        self.at_risk: set[str] = set()
        self.told: list[str] = []
        self.mortal = True
        self.world = World(folder, source(self.folder, glob=self.listed))
        self.world.restart(Mortal(self.world, self.chance))
        self._mount(monkeypatch)
        self._kills_between_files(monkeypatch)

    def _mount(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Inodes as they are, none, or another at each look."""
        kind, looked, device = (
            self.chance.choice(["local", "local", "zero", "moving"]),
            watch.files_of,
            iter(range(10**9)),
        )
        self.told.append(f"mount {kind}, {self.listed}")

        def mounted(*args: object) -> list[watch.Found]:
            found: list[watch.Found] = looked(*args)  # type: ignore[arg-type]
            if kind == "local":
                return found
            return [watch.replace(one, node=(7, next(device) + 10**9 if kind == "moving" else 0)) for one in found]

        monkeypatch.setattr(watch, "files_of", mounted)

    def _kills_between_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        replaced = ledger._replaced

        def perhaps(file: Path, content: bytes) -> None:
            if self.mortal and self.chance.random() < 0.05:
                file.with_suffix(".new").write_bytes(content[: len(content) // 2])
                raise Killed
            replaced(file, content)
            if self.mortal and self.chance.random() < 0.05:
                raise Killed

        monkeypatch.setattr(ledger, "_replaced", perhaps)

    def turn(self) -> None:
        """The collector works for a while; a kill is followed by a start, at once or after more has happened."""
        try:
            self.world.turns(self.chance.choice([1, 1, 2, 4, 12, 15]))
        except Killed:
            self.told.append("  killed")
            self.world.restart(Mortal(self.world, self.chance))

    def step(self) -> None:
        moves = [self.write] * 6 + [self.rotate, self.copy_and_cut, self.compress, self.cut, self.delete, self.kill]
        move = self.chance.choice(moves)
        self.told.append(move.__name__)
        move()
        if self.chance.random() < 0.7:
            self.turn()

    def write(self) -> None:
        for _ in range(self.chance.choice([1, 3, 40])):
            self.written.append(f"{len(self.written)}" + self.chance.choice(["", " x" * 600, "\né"]))
            whole = line(self.written[-1])
            at = self.chance.randrange(len(whole)) if self.chance.random() < 0.2 else len(whole)
            write(self.log, whole[:at])
            if at < len(whole):
                self._look()
                write(self.log, whole[at:])

    def _look(self) -> None:
        """A look between two halves of a line, which come within the patience for it."""
        try:
            self.world.turns(1)
        except Killed:
            self.world.restart(Mortal(self.world, self.chance))

    def rotate(self) -> None:
        self._shift()
        if self.log.exists():
            self._out_of_sight()
            self.log.rename(f"{self.log}.1")

    def copy_and_cut(self) -> None:
        if not self.log.exists():
            return
        self._shift()
        self._out_of_sight()
        half = self.log.read_bytes()
        Path(f"{self.log}.1").write_bytes(half[: len(half) // 2])
        if self.chance.random() < 0.5:
            self.turn()
        shutil.copy(self.log, f"{self.log}.1")
        if self.chance.random() < 0.5:
            self.turn()
        os.truncate(self.log, 0)

    def compress(self) -> None:
        for old in sorted(self.folder.glob("app.log.?")):
            with gzip.open(f"{old}.gz", "wb") as packed:
                packed.write(old.read_bytes())
            if self.chance.random() < 0.3:
                self.turn()
            old.unlink()

    def cut(self) -> None:
        self._destroyed(self.log)
        if self.log.exists():
            os.truncate(self.log, 0)

    def delete(self) -> None:
        self._destroyed(self.log)
        self.log.unlink(missing_ok=True)

    def kill(self) -> None:
        self.world.restart(Mortal(self.world, self.chance))

    def _shift(self) -> None:
        """Older leftovers move on; none is ever deleted."""
        for old in sorted(self.folder.glob("app.log.*"), key=lambda path: -int(path.name.split(".")[2])):
            number = int(old.name.split(".")[2])
            old.rename(self.folder / old.name.replace(f".{number}", f".{number + 1}", 1))

    def _out_of_sight(self) -> None:
        """Where the glob names the log alone, what is left of it is read if it was begun before."""
        if self.listed == "app.log":
            content, landed = self.log.read_bytes(), self.world.counts()
            if not any(line(text) in content and landed[text] for text in self.written):
                self.at_risk |= {text for text in self.written if line(text) in content}

    def _destroyed(self, file: Path) -> None:
        """Lines that are in this file alone and have not landed may be lost, and nobody could help it."""
        if file.exists():
            landed = self.world.counts()
            self.at_risk |= {text for text in self.written if line(text) in file.read_bytes() and not landed[text]}

    def ended(self) -> tuple[Counter[str], list[str]]:
        """What is wrong at the end: lines that are there another number of times than once; what was refused and is not
        the beginning of a line whose end was destroyed before anybody looked.
        """
        self.mortal = False
        self.world.restart()
        self.world.settled()
        counts, wrong = self.world.counts(), Counter[str]()
        for text in self.written:
            if counts[text] != 1 and not (counts[text] == 0 and text in self.at_risk):
                wrong[text.split(" ")[0].split("\n")[0]] = counts[text]
        lost = [line(text).decode() for text in self.at_risk]
        refused = [row["content"] for row in self.world.refused()]
        return wrong, [one for one in refused if not any(text.startswith(one) for text in lost)]


@pytest.mark.req("C2")
@pytest.mark.parametrize("number", range(STORIES))
def test_every_line_lands_once_whatever_happens_to_its_file(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = SEED + number
    print(f"LOGS_SEED={seed} LOGS_STORIES=1")
    story = Story(tmp_path, seed, monkeypatch)
    for _ in range(STEPS):
        story.step()
    wrong, refused = story.ended()
    assert not wrong, (seed, dict(list(wrong.items())[:5]), story.told)
    assert len(story.written) > 100 and len(story.at_risk) < len(story.written)
    assert refused == []
