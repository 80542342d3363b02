"""What a replay asks and what came of it: request bodies, previews, waves. Pure; knows no Streamlit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from app.console.exceptions.stake import shown
from app.console.widgets import formats
from app.console.widgets.markup import Html, Metric, chip, joined, span
from app.console.widgets.payload import ABSENT, Field
from app.readings import masking
from models.canonical.classification import DataClass

STARTS = {"Failed step": "failed_step", "From the start": "start"}
ENDED = frozenset({"done", "failed", "cancelled"})
SHOWN = 10
"""Runs of a preview on one page, field by field; the totals count all."""
PASSING = frozenset({"transient", "rate-limited"})
"""Codes of a system that could not be asked at that moment: they tell nothing of what the replay would do."""


def body(
    run_ids: Sequence[str],
    start: str,
    correction: Mapping[str, Any] | None,
    case_id: str | None = None,
    plan_hash: str | None = None,
    roots: Sequence[str] = (),
) -> dict[str, Any]:
    """A preview or replay request; `roots` go first, from their start."""
    asked = {
        "run_ids": list(run_ids),
        "from": STARTS.get(start, "failed_step"),
        "correction": dict(correction) if correction else None,
    }
    return {
        **asked,
        **({"roots": list(roots)} if roots else {}),
        **({"case_id": case_id} if case_id else {}),
        **({"plan_hash": plan_hash} if plan_hash else {}),
    }


def held(previewed: Mapping[str, Any], run_ids: Sequence[str]) -> list[str]:
    """The runs a replay takes: those that were previewed while all of them still stand, so that the set that runs is
    the set that was seen.
    """
    before = list(previewed.get("run_ids") or ())
    return before if before and set(before) <= set(run_ids) else list(run_ids)


def selection_key(case_ids: Iterable[str]) -> str:
    """One key for the same cases in any order, another for any others: what was previewed for some is never shown for
    others.
    """
    return f"chosen_{sha256(' '.join(sorted(case_ids)).encode()).hexdigest()[:32]}"


def correction(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Dotted path -> value from the rows a person edited; a value that is JSON (a number, true, an object) is taken as
    such.
    """
    filled = ((str(row.get("field") or "").strip(), row.get("value")) for row in rows)
    return {path: _value(value) for path, value in filled if path and value not in (None, "")}


def _value(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text) if text[:1] in "{[" or text in ("true", "false", "null") else text
    except ValueError:
        return text


def in_words(result: Mapping[str, Any], masked: frozenset[str]) -> str:
    """What a preview found, in a sentence; what its runs are worth is not told in the `masked` currencies."""
    runs = result.get("runs") or []
    total = ", ".join(shown(amount, currency, masked) for currency, amount in (result.get("totals") or {}).items())
    faults, waits, dark = (sum(1 for run in runs if told(run)) for told in (fault, pause, unasked))
    said = [
        f"{formats.plural(result.get('count') or len(runs), 'run')} would be replayed{f', worth {total}' if total else ''}"
    ]
    calm = (
        "the dry run finds no fault, but mind the hazards"
        if result.get("hazards")
        else "none is expected to fail"
        if not dark
        else "no other is expected to fail"
    )
    said += [f"{formats.plural(dark, 'run')} could not be checked now"] if dark else []
    said += (
        [f"{formats.plural(faults, 'run')} would fail again"]
        if faults
        else [calm]
        if dark < len(runs) or not runs
        else []
    )
    said += [f"{formats.plural(waits, 'run')} would wait for data"] if waits else []
    return "; ".join(said) + "."


def fault(run: Mapping[str, Any]) -> str | None:
    """Why a run would fail again, if the dry run says so."""
    return next(
        (str(step["error"]) for step in run.get("steps") or [] if _outcome(step) == "fails" and step.get("error")), None
    )


def pause(run: Mapping[str, Any]) -> str | None:
    """What a run would wait for, if the dry run says so."""
    return next(
        (str(step["error"]) for step in run.get("steps") or [] if _outcome(step) == "waits" and step.get("error")), None
    )


def unasked(run: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The step whose system could not be asked, so that nobody knows what it would do."""
    return next((step for step in run.get("steps") or [] if _outcome(step) == "unasked"), None)


def _outcome(step: Mapping[str, Any]) -> str:
    outcome = str(step.get("outcome") or "")
    return "unasked" if outcome == "fails" and step.get("error_code") in PASSING else outcome


def systems(result: Mapping[str, Any]) -> dict[str, str]:
    """The system behind each step, as far as any run of the preview reached it; a step that failed does not say."""
    return {
        step["step"]: step["system"]
        for run in result.get("runs") or []
        for step in run.get("steps") or []
        if step.get("system")
    }


def silent(result: Mapping[str, Any]) -> str | None:
    """`netsuite could not be asked now: preview again` where that is why runs could not be checked."""
    steps = [step for run in result.get("runs") or [] if (step := unasked(run))]
    if not steps:
        return None
    known = systems(result)
    names = sorted({step.get("system") or known.get(str(step.get("step"))) or "a system" for step in steps})
    return f"Could not ask {' and '.join(names)} now: preview again. Last answer: {steps[-1].get('error') or 'none'}"


def ranked(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The previewed runs, those that need a look first: what fails, what could not be checked, what waits, the rest."""
    return sorted(
        result.get("runs") or [], key=lambda run: 0 if fault(run) else 1 if unasked(run) else 2 if pause(run) else 3
    )


def run_title(run: Mapping[str, Any], root: bool = False) -> str:
    """A previewed run in a line; a root is what is set up again before the others."""
    first = "Set up first: " if root else ""
    ends = (
        " · would fail again"
        if fault(run)
        else " · could not be checked"
        if unasked(run)
        else " · would wait"
        if pause(run)
        else ""
    )
    return f"{first}{run.get('business_key') or run['run_id']}{ends}"


def hazards(result: Mapping[str, Any]) -> list[str]:
    """Every hazard of the plan once, the most frequent first."""
    counts: dict[str, int] = {}
    for hazard in result.get("hazards") or []:
        text = f"{formats.words(hazard.get('kind'))}: {hazard.get('message')}"
        counts[text] = counts.get(text, 0) + 1
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    return [f"{text} ({formats.plural(number, 'run')})" if number > 1 else text for text, number in ranked]


def step_title(step: Mapping[str, Any], known: Mapping[str, str]) -> Html:
    """One step of a previewed run in a line; `known` names the systems of steps that could not say."""
    outcome, system = _outcome(step), step.get("system") or known.get(str(step.get("step")))
    if outcome == "unasked":
        return joined(
            [
                span(formats.words(step.get("step")), "t-b"),
                chip("Not checked"),
                span(
                    f"could not ask {system or 'the system'} now: preview again",
                    "t-mute",
                    title=str(step.get("error") or ""),
                ),
            ]
        )
    mood = {"fails": "bad", "waits": "warn", "creates": "good", "updates": "info"}.get(outcome, "")
    named = span(step.get("external_id"), "t-mono") if step.get("external_id") else None
    told = span(step["error"], "t-bad" if outcome == "fails" else "t-mute") if step.get("error") else None
    where = step.get("system") or (system if outcome == "fails" else None) or "here"
    return joined(
        [
            span(formats.words(step.get("step")), "t-b"),
            span(where, "t-mute"),
            chip(formats.words(outcome), mood) if outcome else None,
            named,
            told,
        ]
    )


def fields(step: Mapping[str, Any], clear: frozenset[DataClass]) -> list[Field]:
    """The step's fields beside what the target holds now, changed ones first, sensitive values masked."""
    listed = [_field(one, clear) for one in step.get("fields") or []]
    return sorted(listed, key=lambda field: not field.changed)


def _field(one: Mapping[str, Any], clear: frozenset[DataClass]) -> Field:
    name, current, wanted = one["field"], one.get("current"), one.get("wanted")
    held = ABSENT if current is None else masking.value(name, _shown(current), clear)
    return Field(name, held, masking.value(name, _shown(wanted), clear), bool(one.get("changed", current != wanted)))


def _shown(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping | list) else value


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is."""

    asked: int
    replayed: int
    settled: int
    failed: int
    waiting: int
    refused: int
    stopped: bool

    @property
    def share(self) -> float:
        return min((self.settled + self.failed + self.waiting + self.refused) / self.asked, 1.0) if self.asked else 0.0


def progress(request_body: Mapping[str, Any], result: Mapping[str, Any] | None) -> Progress:
    told = result or {}
    return Progress(
        len(request_body.get("run_ids") or []) + len(request_body.get("roots") or []),
        _number(told.get("replayed")),
        _number(told.get("settled")),
        _number(told.get("failed")),
        _number(told.get("waiting")),
        _number(told.get("refused")),
        bool(told.get("stopped")),
    )


def _number(value: Any) -> int:
    return len(value) if isinstance(value, list | dict) else int(value or 0)


def outcome(state: str, far: Progress, error: str | None = None) -> tuple[str, str]:
    """How a replay goes or went, in a mood and a sentence; `error` is why the engine could not go on."""
    if error:
        return "bad", f"The engine could not replay: {error}"
    if state in ("pending", "running"):
        return (
            "info",
            "Waiting for the engine…"
            if state == "pending"
            else f"Replaying: {far.settled:,} of {far.asked:,} arrived.",
        )
    if state == "cancelled":
        return "warn", f"Stopped by a person after {formats.plural(far.replayed, 'run')}; the rest is as it was."
    if state == "failed" or far.stopped:
        return (
            "bad",
            f"Stopped: {formats.plural(far.failed, 'run')} failed again, {far.settled:,} arrived; the others were left as they were.",
        )
    if far.failed:
        return "warn", f"{far.settled:,} of {far.asked:,} arrived, {far.failed:,} failed again."
    waits = f", {far.waiting:,} wait for data and go on by themselves" if far.waiting else ""
    alone = f"; {far.refused:,} had moved on already and were left alone" if far.refused else ""
    return (
        "good",
        f"{formats.plural(far.settled, 'run')} arrived{waits}{alone}. The case closes by itself once nothing is found any more.",
    )


def figures(far: Progress) -> list[Metric]:
    return [
        Metric("Replayed", f"{formats.count(far.replayed)} of {formats.count(far.asked)}"),
        Metric("Arrived", formats.count(far.settled), mood="good" if far.settled else ""),
        Metric("Wait", formats.count(far.waiting)),
        Metric("Failed again", formats.count(far.failed), mood="bad" if far.failed else ""),
    ]


def wave_rows(result: Mapping[str, Any] | None) -> list[dict[str, object]]:
    """The waves so far: size and how each ended."""
    waves = (result or {}).get("waves") or []
    return [_wave(at, wave) for at, wave in enumerate(waves, start=1)]


def _wave(at: int, wave: Any) -> dict[str, object]:
    told = wave if isinstance(wave, Mapping) else {"size": wave}
    size = told.get("size", told.get("runs"))
    return {
        "wave": at,
        "size": formats.count(_number(size)),
        **{key: formats.count(_number(told.get(key))) for key in ("settled", "waiting", "failed")},
    }
