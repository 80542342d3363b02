"""`tieout replay`: the console's requests and previews, from a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.cli.asking import answered, ask, home, printed
from app.cli.output import fail
from app.readings.cases import reading as cases
from app.readings.cases.rows import Case
from app.readings.replays import reading as replays
from app.readings.replays.selection import Selection, roots_of, suggested
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.plan import STARTS, plan_of

UNSAID = "replay from the command line"


def replay(selection: Selection, plan: str | None, reason: str | None, wait: float, as_: str | None = None) -> int:
    """Request a replay and wait for its answer; 0 when every run settled or waits, 1 when one failed again or was
    refused, or when it waits for a second person. With `plan`, that of this hash alone.

    Raises SystemExit with status 2 where many runs are to be replayed and nobody said why.
    """
    if unreasoned := plan_of(selection.body()).unreasoned(reason):
        raise fail(unreasoned.replace("say why", "say why with --reason", 1), 2)
    return ask("replay", selection.body(plan), reason or UNSAID, wait, _arrived, as_)


def _arrived(result: Mapping[str, Any]) -> bool:
    return not (result.get("failed") or result.get("refused"))


def preview(selection: Selection, reason: str | None, wait: float) -> int:
    """Request a preview, wait for its answer and print it as the console shows it; 0 when it was done, else 1."""
    with home("preview") as (stores, viewer):
        request = answered(stores, viewer, "preview", selection.body(), reason or UNSAID, wait)
        case = cases.case(stores, viewer, selection.case_id) if selection.case_id else None
        found = replays.previewed(stores, viewer, request, [case] if case else [])
    printed({**asdict(found.preview), "stake": asdict(found.stake)})
    return 0 if request.state == "done" else 1


def chosen(
    kind: str,
    runs: Sequence[str],
    case: str | None,
    start: str,
    corrections: Sequence[str],
    with_suggestion: bool,
    plan: str | None,
) -> Selection:
    """What these arguments choose for a request of this kind: `corrections` are `path=value` and go over the suggestion
    of the case.

    Raises SystemExit with status 2, before anything is requested, where they choose nothing, what is not there, or
    another plan than the one whose hash is given, and where roles do not include such a request.
    """
    if start not in STARTS:
        raise fail(f"--from {start!r}: give {' or '.join(STARTS)}", 2)
    correction = _parsed(corrections)
    with home(kind) as (stores, viewer):
        _known(stores, runs)
        found = [_case(stores, viewer, case)] if case else []
        taken = (*runs, *replays.of_cases(stores, viewer, found))
    if not taken and found and not roots_of(found):
        raise fail(f"nothing of case {case} can be replayed from here: {found[0].next_action}", 2)
    if not taken and not found:
        raise fail("nothing to replay: give run ids, or --case with a case that has failed or waiting runs", 2)
    if with_suggestion and found:
        correction = {**suggested(found[0]), **correction}
    selection = Selection(taken, start, correction or None, roots_of(found), case)
    if plan not in (None, selection.plan_hash):
        again = "preview again and give the new plan_hash"
        raise fail(f"--plan: the selection or correction is not what was previewed: {again}", 2)
    return selection


def _known(stores: Stores, runs: Sequence[str]) -> None:
    if unknown := sorted(set(runs) - {run.run_id for run in stores.journal.runs.replayable(runs)}):
        whole = "give whole run ids, as `tieout trace … --format json` and the console show them"
        raise fail(f"there is no run {unknown[0]}: {whole}", 2)


def _case(stores: Stores, viewer: Viewer, case_id: str) -> Case:
    found = cases.case(stores, viewer, case_id)
    if found is None:
        raise fail(f"there is no case {case_id}: see `tieout cases`", 2)
    if found.status == "resolved":
        nothing = "so nothing of it waits for a replay: give run ids to replay them all the same"
        raise fail(f"case {case_id} is resolved, {nothing}", 2)
    return found


def _parsed(corrections: Sequence[str]) -> dict[str, Any]:
    pairs = [text.partition("=") for text in corrections]
    if any(not equals for _, equals, _ in pairs):
        raise fail("--set takes path=value, e.g. --set charge_code=PRJ-1001.010", 2)
    return {path: _value(text) for path, _, text in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
