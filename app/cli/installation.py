"""The installation that a command speaks of: the home that is there, and who has it running."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.output import fail
from models.private_home import made_private
from models.process_log import start_log
from models.settings import Settings, read_settings

LOCK = "lock"
DEMO_MARK = "demo.json"
DEMO_USER = "Demo operator"
PARTS = (DEMO_MARK, "journal.sqlite", "lake", "keys", "spool", "witness")
"""What makes a folder a home: any of these, so that a mistyped one that happens to exist is none."""
DEMO_CATALOGUE = Path(__file__).resolve().parents[2] / "integrations" / "sandbox" / "catalogue"


def settings_here() -> Settings:
    """The settings of the environment; from here on this process logs as they say.

    In a demonstration's home its catalogue and its person hold, also in a shell that names none.
    """
    settings = read_settings()
    if (settings.home / DEMO_MARK).exists():
        settings = settings.model_copy(update=_of_demonstration(settings))
    start_log(settings.log_level)
    return settings


def _of_demonstration(settings: Settings) -> dict[str, object]:
    own: dict[str, object] = {} if settings.catalogue or settings.systems else {"catalogue": DEMO_CATALOGUE}
    return own if settings.dev_user or settings.oidc_metadata_url else {**own, "dev_user": DEMO_USER}


def installation(journal: bool = False) -> Settings:
    """The settings of an installation that exists; with `journal`, of one whose journal does.

    Raises SystemExit with status 2 where there is none: "nothing is stuck" and "whole" would be false comfort there.
    """
    settings = settings_here()
    home = settings.home
    elsewhere = settings.journal_url if journal else settings.journal_url and settings.lake_catalog
    there = (home / "journal.sqlite").exists() if journal else any((home / part).exists() for part in PARTS)
    if not (elsewhere or there):
        raise fail(
            f"no installation at {home.resolve()}, where TIEOUT_HOME says, so there is nothing to look at or rebuild: "
            "set TIEOUT_HOME to where it is, or start one with `tieout demo` or `tieout up`",
            2,
        )
    return settings


def content(home: Path) -> list[Path]:
    """What lies in a home, but for its lock."""
    return [entry for entry in home.iterdir() if entry.name != LOCK] if home.is_dir() else []


@contextmanager
def running(home: Path) -> Iterator[None]:
    """Have the home for oneself while its processes run. Raises SystemExit with status 2 while another has it."""
    made_private(home)
    with open(home / LOCK, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise fail(
                f"{home.resolve()} is in use by a `tieout` that runs: "
                "end it first, or set TIEOUT_HOME to another folder",
                2,
            ) from None
        yield
