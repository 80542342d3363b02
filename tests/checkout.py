"""A copy of this checkout that a test adds something to, and the copy's own tests: what an author would see."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("app", "collectors", "integrations", "models", "tests", ".github", ".streamlit")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder with every room and file of the project; nothing that is done in it touches the project."""

    root: Path

    def tests(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the copy's tests over the copy's code, what was added included; `words` are pytest's."""
        self._run("git", "init", "-q").check_returncode()
        self._run("git", "add", "--all").check_returncode()
        return self._run(sys.executable, "-m", "pytest", "-vv", *words)

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        foreign = ("GIT_", "PYTHONPATH")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)


def copied(folder: Path) -> Checkout:
    """The project as it lies here, copied into a folder that is not there yet."""
    folder.mkdir(parents=True)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (entry for entry in ROOT.iterdir() if entry.is_file() and entry.name != ".git"):
        shutil.copy(file, folder)
    return Checkout(folder)
