"""What a witness is worth: whether those who could change the lake could change what it keeps, too."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from models.lake.places import lake_data
from models.lake.witness import witness_path
from models.settings import Settings


def in_home(settings: Settings, place: Path) -> bool:
    """Whether a witness lies in the home or among the lake's files, wherever links lead."""
    data = lake_data(settings)
    homes = [settings.home, *([] if "://" in data else [Path(data)])]
    return any(place.resolve().is_relative_to(home.resolve()) for home in homes)


def attested(settings: Settings, place: Path | None, remembered: Sequence[str]) -> str:
    """One sentence for beside the verdict: which witness was asked, and who reaches it."""
    place = place or witness_path(settings)
    kept = f"witness {place}: {len(remembered):,} checkpoints"
    if in_home(settings, place):
        return (
            f"{kept}, in the home, in reach of whoever could change the lake: lake, key and witness replaced "
            "together would not show. Set TIEOUT_WITNESS to a place that operators cannot write over"
        )
    if not remembered:
        return f"{kept}, so it attests nothing yet: it gets one with the next checkpoint"
    if _writable(place):
        return (
            f"{kept}, out of the home, but this account may write there: it proves what the place itself keeps from "
            "being written over (an object lock, another owner)"
        )
    return f"{kept}, out of reach of this account"


def _writable(place: Path) -> bool:
    files = [place, place.parent] if not place.is_dir() else [place, *place.glob("checkpoint-*.txt")]
    return any(os.access(file, os.W_OK) for file in files)
