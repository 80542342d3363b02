"""`tieout replay`: the same requests the console makes, from a terminal."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Sequence
from typing import Any

from app.cli.output import fail
from models.domain.clock import clock_at
from models.domain.states import RunState
from models.journal import Journal, open_journal
from models.settings import read_settings

ENDED = frozenset({"done", "failed", "cancelled"})


def replay(runs: Sequence[str], case: str | None, start: str, corrections: Sequence[str], suggested: bool, preview: bool, reason: str, wait: float) -> int:
    """Request a preview or a replay and wait for its answer; 0 when every replayed run settled or waits, else 1."""
    if start not in ("failed_step", "start"):
        raise fail(f"--from {start!r}: give failed_step or start", 2)
    settings = read_settings()
    journal = open_journal(settings.journal_address, clock_at(settings.world_clock))
    chosen, roots = list(runs) + (_runs_of(journal, case) if case else []), _roots_of(journal, case) if case else []
    if not chosen and not roots:
        raise fail("nothing to replay: give run ids, or --case with a case that has open runs", 2)
    correction = {**(_suggested(journal, case) if case and suggested else {}), **_parsed(corrections)}
    body: dict[str, Any] = {"run_ids": chosen, "from": start, "correction": correction or None, "roots": roots, "case_id": case}
    request = journal.requests.append("preview" if preview else "replay", body, f"cli:{getpass.getuser()}", reason)
    return _show(_awaited(journal, request, wait), preview)


def _runs_of(journal: Journal, case: str) -> list[str]:
    return [run.run_id for run in journal.runs.by_ids(journal.cases.run_ids(case)) if run.state is RunState.DEAD]


def _roots_of(journal: Journal, case: str) -> list[str]:
    found = journal.cases.get(case)
    if found is None:
        raise fail(f"there is no case {case}: see `tieout cases`", 2)
    return list((found["suggestion"] or {}).get("roots") or ())


def _suggested(journal: Journal, case: str) -> dict[str, Any]:
    return {path: value for path, value in ((journal.cases.get(case) or {}).get("suggestion") or {}).items() if path != "roots"}


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


def _awaited(journal: Journal, request: str, wait: float) -> Any:
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        answer = journal.requests.get(request)
        if answer.state in ENDED:
            return answer
        time.sleep(0.2)
    raise fail(f"request {request} has no answer after {wait:.0f} s: is the engine running? (`tieout doctor`). It is kept and will be carried out")


def _show(answer: Any, preview: bool) -> int:
    print(json.dumps(answer.result, indent=2, ensure_ascii=False, default=str))
    if answer.state != "done":
        return 1
    return 0 if preview or not answer.result.get("failed") else 1
