"""`tieout replay`: the same requests the console makes, from a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from app.cli.asking import ask, journal_here
from app.cli.output import fail
from models.domain.case import CaseStatus
from models.domain.plan import plan_of
from models.domain.states import RunState
from models.journal.ports.readings import ReadingsPort


def replay(
    runs: Sequence[str],
    case: str | None,
    start: str,
    corrections: Sequence[str],
    suggested: bool,
    preview: bool,
    plan: str | None,
    reason: str,
    wait: float,
) -> int:
    """Request a preview or a replay and wait for its answer; 0 when every run settled or waits, 1 when one failed again
    or was refused.
    """
    if start not in ("failed_step", "start"):
        raise fail(f"--from {start!r}: give failed_step or start", 2)
    correction, journal = _parsed(corrections), journal_here()
    found = _case(journal, case) if case else {}
    if unknown := sorted(set(runs) - {run.run_id for run in journal.runs.by_ids(runs)}):
        raise fail(
            f"there is no run {unknown[0]}: give whole run ids, as `tieout trace … --format json` and the console show them",
            2,
        )
    chosen, roots = (
        list(runs) + (_still_runs(journal, case) if case else []),
        list((found.get("suggestion") or {}).get("roots") or ()),
    )
    if not chosen and not roots:
        raise fail("nothing to replay: give run ids, or --case with a case that has failed or waiting runs", 2)
    if suggested:
        correction = {
            **{path: value for path, value in (found.get("suggestion") or {}).items() if path != "roots"},
            **correction,
        }
    body = {
        "run_ids": chosen,
        "from": start,
        "correction": correction or None,
        "roots": roots,
        "case_id": case,
        "plan_hash": plan,
    }
    if plan is not None and plan != plan_of(body).hash:
        raise fail(
            "--plan: the selection or correction is not what was previewed: preview again and give the new plan_hash", 2
        )
    return ask(
        "preview" if preview else "replay",
        body,
        reason,
        wait,
        lambda result: preview or not (result.get("failed") or result.get("refused")),
        journal,
    )


def _case(journal: ReadingsPort, case: str) -> dict[str, Any]:
    found = journal.cases.get(case)
    if found is None:
        raise fail(f"there is no case {case}: see `tieout cases`", 2)
    if found["status"] == CaseStatus.RESOLVED:
        raise fail(
            f"case {case} is resolved, so nothing of it waits for a replay: give run ids to replay them all the same", 2
        )
    return dict(found)


def _still_runs(journal: ReadingsPort, case: str) -> list[str]:
    return [
        run.run_id
        for run in journal.runs.by_ids(journal.cases.run_ids(case))
        if run.state in (RunState.DEAD, RunState.WAITING)
    ]


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
