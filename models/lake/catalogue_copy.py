"""A copy of a SQLite catalogue at one moment.

DuckDB reads each table of an attached SQLite file in a transaction of its own, so counts read one after the other would
disagree beside a running writer. Run as a program, in a process apart, for the reason given in `connection.py`.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path


class NoCopy(Exception):
    """The catalogue cannot be copied: it is damaged, or locked for longer than 30 s."""


def copy_catalogue(path: Path, to: Path) -> None:
    """Write the catalogue at `path` as it stands into the new file `to`. Raises NoCopy."""
    done = subprocess.run(
        [sys.executable, "-I", __file__, str(path), str(to)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NoCopy(done.stderr.strip().rsplit("\n", 1)[-1])


def main() -> None:
    """Copy the catalogue named first into the file named second."""
    connection = sqlite3.connect(sys.argv[1], timeout=30)
    connection.execute("VACUUM INTO ?", [sys.argv[2]])
    connection.close()


if __name__ == "__main__":
    main()
