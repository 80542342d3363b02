"""What a turn of marts and detectors costs in firms of several sizes, and how it grows: nothing new, 1,000 changed
entries, everything from nothing, a restart.

`tieout bench marts` measures 350,000, 1,500,000 and 5,000,000 time entries; `--size` that one and a tenth of it. With
`--against PATH`, a checkout of another release, the smallest size is measured there too, in the same run: made by its
own writer, from the generator here. Prints one line of JSON; seconds are of the processor unless named otherwise.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SIZES = (350_000, 1_500_000, 5_000_000)
CHANGED = 1_000
HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
COSTS = ("from_nothing_s", "detectors_s", "restart_s", "nothing_new_s", "changed_s")
_LARGE, _MEMORY_MIB = 300_000, 1024


def run(sizes: Sequence[int], against: Path | None = None) -> dict[str, Any]:
    """Figures by size as lists, the growth of each between the smallest and the largest size (1 is in step, 0 is
    flat), and what the smallest costs in the other checkout.
    """
    ordered = sorted(sizes)
    other = measured(ordered[0], against) if against else {}
    each = [measured(size, CHECKOUT) for size in ordered]
    figures: dict[str, Any] = {name: [one[name] for one in each] for name in each[0]}
    decades = math.log10(ordered[-1] / ordered[0]) if len(ordered) > 1 else 0
    growth = {name: round(_decades(each[0][name], each[-1][name]) / decades, 2) for name in COSTS if decades}
    ratio = {name: round(max(each[0][name], 0.001) / max(other[name], 0.001), 3) for name in COSTS if other}
    return {**figures, "growth": growth, **({"against": other, "ratio": ratio} if other else {})}


def _decades(small: float, large: float) -> float:
    return math.log10(max(large, 0.001) / max(small, 0.001))


def measured(size: int, checkout: Path) -> dict[str, Any]:
    """What this firm costs in that checkout."""
    with tempfile.TemporaryDirectory() as home:
        made = fill(home, checkout, size)
        with Turns(home, checkout, size) as turns:
            whole, detectors, idle = turns.ask("turn"), turns.ask("detect"), [turns.ask("turn") for _ in range(3)]
            fill(home, checkout, size, CHANGED)
            after, last = turns.ask("turn"), turns.ask("turn")
        with Turns(home, checkout, size) as again:
            restart = again.ask("turn")
    return {
        "items": size,
        "made_s": made["made_s"],
        "maker_peak_mib": made["maker_peak_mib"],
        "from_nothing_s": whole["cpu_s"],
        "detectors_s": detectors["cpu_s"],
        "nothing_new_s": min(one["cpu_s"] for one in (*idle[1:], last)),
        "changed_s": after["cpu_s"],
        "restart_s": restart["cpu_s"],
        "figures_after_restart_wall_s": round(again.up_s + restart["s"], 1),
        "detectors_peak_mib": max(last["peak_mib"], restart["peak_mib"]),
        "found": whole["found"],
        "failed": {**whole["failed"], **after["failed"], **restart["failed"]},
    }


def fill(home: str, checkout: Path, size: int, changed: int = 0) -> dict[str, Any]:
    """Make the firm in that home, or change so many of its entries, by the checkout's own writer."""
    command = [sys.executable, str(HERE / "firm.py"), "--size", str(size), "--changed", str(changed)]
    done = subprocess.run(
        command, env=_environment(home, checkout, size), stdout=subprocess.PIPE, text=True, check=True
    )
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def _environment(home: str, checkout: Path, size: int) -> dict[str, str]:
    """What a process of the checkout is started with: nothing of this installation's settings."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    memory = {"TIEOUT_DETECT_MEMORY_MIB": str(_MEMORY_MIB)} if size >= _LARGE else {}
    return {**plain, **memory, "TIEOUT_HOME": home, "PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"}


class Turns:
    """The detectors' process of a checkout, a turn a line."""

    def __init__(self, home: str, checkout: Path, size: int) -> None:
        began = time.perf_counter()
        self._child = subprocess.Popen(
            [sys.executable, str(HERE / "turns.py")],
            env=_environment(home, checkout, size),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        loaded = self._line()["loaded"]
        if Path(loaded) != checkout.resolve():
            raise RuntimeError(f"{loaded} was loaded instead of {checkout}: no figure counts")
        self.up_s = time.perf_counter() - began

    def __enter__(self) -> Turns:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.communicate()

    def ask(self, what: str) -> dict[str, Any]:
        assert self._child.stdin is not None
        print(what, file=self._child.stdin, flush=True)
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        told: dict[str, Any] = json.loads(self._child.stdout.readline())
        return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, help="time entries: that many and a tenth of it")
    parser.add_argument("--against", type=Path, help="checkout of another release")
    asked = parser.parse_args()
    sizes = (max(asked.size // 10, 1), asked.size) if asked.size else SIZES
    print(json.dumps(run(sizes, asked.against)))


if __name__ == "__main__":
    main()
