"""A preview in words: what its runs would do, what would fail again, what to mind; knows no Streamlit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from app.console.widgets import formats
from app.console.widgets.markup import Html, chip, joined, span
from app.readings.payload import ABSENT, Field
from app.readings.replays.preview import Preview, PreviewedRun, PreviewedStep

SHOWN = 10
"""Runs of a preview on one page, field by field; the totals count all."""
MOODS = {"fails": "bad", "waits": "warn", "creates": "good", "updates": "info"}


def in_words(preview: Preview) -> str:
    """What a preview found, in a sentence."""
    worth = ", ".join(formats.money(amount, currency) for currency, amount in preview.totals.items())
    runs = formats.plural(preview.count, "run")
    said = [f"{runs} would be replayed{f', worth {worth}' if worth else ''}", *_expected(preview)]
    waits = sum(1 for run in preview.runs if run.pause)
    return "; ".join([*said, *([f"{formats.plural(waits, 'run')} would wait for data"] if waits else [])]) + "."


def _expected(preview: Preview) -> list[str]:
    """What could not be checked, and what would fail of the rest."""
    unasked, faults = len(preview.unasked), sum(1 for run in preview.runs if run.fault)
    said = [f"{formats.plural(unasked, 'run')} could not be checked now"] if unasked else []
    if faults:
        return [*said, f"{formats.plural(faults, 'run')} would fail again"]
    if preview.runs and unasked == len(preview.runs):
        return said
    if preview.hazards:
        return [*said, "the dry run finds no fault, but mind the hazards"]
    return [*said, f"{'no other' if unasked else 'none'} is expected to fail"]


def mood(preview: Preview) -> str:
    doubtful = preview.hazards or any(run.fault or run.unasked for run in preview.runs)
    return "warn" if doubtful else "good"


def unasked_note(preview: Preview) -> str | None:
    """`Could not ask netsuite now: preview again` where that is why runs could not be checked."""
    steps = [run.unasked for run in preview.runs if run.unasked]
    if not steps:
        return None
    names = sorted({step.system or preview.systems.get(step.step) or "a system" for step in steps})
    return f"Could not ask {' and '.join(names)} now: preview again. Last answer: {steps[-1].error or 'none'}"


def run_title(run: PreviewedRun, root: bool = False) -> str:
    """A previewed run in a line; a root is what is set up again before the others."""
    ends = " · would wait" if run.pause else ""
    if run.unasked:
        ends = " · could not be checked"
    if run.fault:
        ends = " · would fail again"
    return f"{'Set up first: ' if root else ''}{run.business_key or run.run_id}{ends}"


def hazards(preview: Preview) -> list[str]:
    """Every hazard of the plan once, the most frequent first."""
    counts = Counter(f"{formats.words(one.kind)}: {one.message}" for one in preview.hazards)
    return [
        f"{text} ({formats.plural(number, 'run')})" if number > 1 else text for text, number in counts.most_common()
    ]


def step_title(step: PreviewedStep, systems: Mapping[str, str]) -> Html:
    """One step of a previewed run in a line; `systems` names those of steps that could not say."""
    system = step.system or systems.get(step.step)
    if step.outcome == "unasked":
        note = f"could not ask {system or 'the system'} now: preview again"
        tip = str(step.error or "")
        return joined([_name(step), chip("Not checked"), span(note, "t-mute", title=tip)])
    where = step.system or (system if step.outcome == "fails" else None) or "here"
    return joined(
        [
            _name(step),
            span(where, "t-mute"),
            chip(formats.words(step.outcome), MOODS.get(step.outcome, "")) if step.outcome else None,
            span(step.external_id, "t-mono") if step.external_id else None,
            span(step.error, "t-bad" if step.outcome == "fails" else "t-mute") if step.error else None,
        ]
    )


def _name(step: PreviewedStep) -> Html:
    return span(formats.words(step.step), "t-b")


def fields(step: PreviewedStep) -> list[Field]:
    """The step's fields beside what the target holds now, changed ones first."""
    listed = [
        Field(one.field, ABSENT if one.current is None else one.current, one.wanted, one.changed) for one in step.fields
    ]
    return sorted(listed, key=lambda field: not field.changed)
