"""Words: what a source says is told in canonical words before a run's first step, and in the target's before a write.

A word that no row of its map has pauses the run (M8): what it waits for is the map, and whoever owns that adds the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from integrations.contracts.connector import Change
from models.canonical.events import EVENT_TYPES
from models.domain.outcomes import WaitFor
from models.domain.value_map import CANONICAL, MapBook, Used, translated
from models.journal.runs.run import Run, source_system

TOLD = "_words"
"""Where a payload keeps the words that were told: it is the engine's, and says that it is not to be done again."""
STEP = "translate"


class Untold(Exception):
    """A word without a row. `wait` is for the run, `system` whose word it is."""

    def __init__(self, wait: WaitFor, system: str) -> None:
        super().__init__(wait.because)
        self.wait, self.system = wait, system


def told_of(words: MapBook, run: Run, now: datetime) -> dict[str, Any] | None:
    """The payload of a run's event in canonical words, with what was told under `TOLD`; None where nothing is to be.

    Raises Untold for the first word that no map has.
    """
    if not words or run.step != 0 or TOLD in run.payload:
        return None
    maps = words.between(source_system(run.event_source), CANONICAL, EVENT_TYPES.get(run.event_type, ""))
    if not maps:
        return None
    payload, used = translated(maps, run.payload, day_of(run.payload, run.source_changed_at or now))
    _refuse_untold(used)
    return {**payload, TOLD: [one.told() for one in used]}


def in_words_of(words: MapBook, system: str, change: Change, run: Run, now: datetime) -> tuple[Change, list[Used]]:
    """The change in its target's words, and which were told. Raises Untold for the first that no map has.

    An annotation is about a record of the target's own and has no words to tell.
    """
    if not words or change.action == "annotate":
        return change, []
    maps = words.sent(source_system(run.event_source), system, change.entity)
    if not maps:
        return change, []
    body = change.body if isinstance(change.body, Mapping) else change.body.model_dump(mode="json")
    told, used = translated(maps, body, day_of(body, run.source_changed_at or now), change.words)
    _refuse_untold(used)
    return replace(change, body=told), used


def day_of(body: Mapping[str, Any], changed: datetime) -> date:
    """The day by which a word is told: that of the work or the expense, else that of the change in UTC."""
    said = body.get("spent_on") or body.get("work_date")
    try:
        return date.fromisoformat(str(said)) if said else changed.astimezone(UTC).date()
    except ValueError:
        return changed.astimezone(UTC).date()


def _refuse_untold(used: Sequence[Used]) -> None:
    unknown = [one for one in used if one.means is None]
    if not unknown:
        return
    first, others = unknown[0], sorted({one.said for one in unknown[1:]})
    one, said = first.map, first.said
    like = one.like(said)
    because = (
        f"{said!r} in {one.field} has no row in version {one.version} of the value map {one.name} ({one.source} to "
        f"{one.target}): add {one.row(said)} to words in {one.path or 'maps.toml'}, make it version {one.version + 1}, "
        "and start the engine again"
    )
    because += f"; {like!r} is there: a word counts as it is written" if like else ""
    because += f"; {', '.join(map(repr, others))} too" if others else ""
    raise Untold(WaitFor(one.awaited(said), because, [one.field], one.owner), one.system)
