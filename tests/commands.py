"""`tieout` as a shell runs it: a process of its own, with its own words, environment and output.

The process is a fork of one that has read the command line's modules already: these tests ask what a command says and
does, not how long Python takes to begin. What a fresh interpreter does is asked where the installed script is started:
in `acceptance/`, `migration/` and `fault/`.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_ROOMS = ("app/cli", "app/readings")
_OTHERS = ("models.derivation.refresh", "rich.table", "pytest")
"""`pytest`, since a child reads its parent's main module again."""


def _modules() -> list[str]:
    files = sorted(file for room in _ROOMS for file in (ROOT / room).rglob("*.py") if file.stem != "__init__")
    return [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]


_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__, *_modules(), *_OTHERS])


def tieout(home: Path, *words: str, timeout: float = 60, **settings: str) -> subprocess.CompletedProcess[str]:
    """What a command on that home answers, with nothing set but where it is and `settings`."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    return called(words, {**known, "TIEOUT_HOME": str(home), **settings}, timeout)


def called(words: Sequence[str], environment: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """What a command answers in that environment. Raises TimeoutExpired, and ends it, when it takes longer."""
    with tempfile.TemporaryDirectory() as folder:
        said, complained = Path(folder, "stdout"), Path(folder, "stderr")
        child = _forks.Process(target=_command, args=(words, dict(environment), said, complained))
        child.start()
        child.join(timeout)
        if child.exitcode is None:
            child.kill()
            child.join()
            raise subprocess.TimeoutExpired(("tieout", *words), timeout)
        return subprocess.CompletedProcess(
            ("tieout", *words), child.exitcode, said.read_text("utf-8"), complained.read_text("utf-8")
        )


def _command(words: Sequence[str], environment: Mapping[str, str], said: Path, complained: Path) -> None:
    for number, file in ((1, said), (2, complained)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # TMPDIR may be another
    sys.argv = ["tieout", *words]
    from app.cli.main import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()  # as an interpreter does: what is to be cleared away at the end is
