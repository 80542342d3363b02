"""`tieout orphans`: files of the audit lake that nothing refers to, and their way into the quarantine."""

from __future__ import annotations

from app.cli.installation import installation
from models.lake.orphans import orphans_of

SHOWN = 20


def orphans(move: bool) -> int:
    """Print what would leave, or with `move` what left; 0, or 1 where it was refused."""
    found = orphans_of(installation(), move)
    for path in found.paths[:SHOWN]:
        print(path)
    if len(found.paths) > SHOWN:
        print(f"… and {len(found.paths) - SHOWN} more")
    if found.paths and found.refused:
        print(f"refused: {found.refused}")
        return 1
    done = "moved to orphans/ beside the lake's files" if move else "would be moved by --move or the collector"
    print(f"{len(found.paths)} of {found.files} files {done if found.paths else 'are orphans'}")
    return 0
