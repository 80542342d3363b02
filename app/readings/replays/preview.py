"""What a dry run found, run by run and field by field, with sensitive values masked for everybody (E4, G2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.readings import masking
from app.readings.clear import NOTHING
from app.readings.masking import Amount
from app.readings.payload import masked_body

PASSING = frozenset({"transient", "rate-limited"})
"""Codes of a system that could not be asked at that moment: they say nothing of what the replay would do."""


@dataclass(frozen=True, slots=True)
class PreviewedField:
    """One field of a step: what the target holds now (None: nothing) and what it would get, masked alike."""

    field: str
    current: Any
    wanted: Any
    changed: bool


@dataclass(frozen=True, slots=True)
class PreviewedStep:
    """One step of a dry run. `outcome` is a word of the engine's, or `unasked` where its system could not be asked."""

    step: str
    kind: str | None
    system: str | None
    action: str | None
    external_id: str | None
    outcome: str
    error: str | None
    error_code: str | None
    fields: tuple[PreviewedField, ...]


@dataclass(frozen=True, slots=True)
class PreviewedRun:
    """What one run would do."""

    run_id: str
    business_key: str | None
    flow: str | None
    steps: tuple[PreviewedStep, ...]

    @property
    def fault(self) -> str | None:
        """Why it would fail again, if the dry run says so."""
        return self._error("fails")

    @property
    def pause(self) -> str | None:
        """What it would wait for, if the dry run says so."""
        return self._error("waits")

    @property
    def unasked(self) -> PreviewedStep | None:
        """The step whose system could not be asked, so that nobody knows what it would do."""
        return next((step for step in self.steps if step.outcome == "unasked"), None)

    def _error(self, outcome: str) -> str | None:
        return next((step.error for step in self.steps if step.outcome == outcome and step.error), None)


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something to mind before a replay: a closed period, a duplicate, a step out of order."""

    kind: str
    message: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The answer to a preview. `totals` is what its runs are worth by currency;
    `count` how many they are; `error` why there is no answer.
    """

    plan_hash: str | None
    count: int
    totals: Mapping[str, Amount]
    hazards: tuple[Hazard, ...]
    runs: tuple[PreviewedRun, ...]
    error: str | None = None
    systems: Mapping[str, str] = field(default_factory=dict)
    """The system behind each step, as far as any run reached it; a step that failed does not say."""

    @property
    def ranked(self) -> list[PreviewedRun]:
        """The runs, those that need a look first: what fails, what could not be checked, what waits, the rest."""
        return sorted(self.runs, key=lambda run: 0 if run.fault else 1 if run.unasked else 2 if run.pause else 3)

    @property
    def unasked(self) -> list[PreviewedRun]:
        return [run for run in self.runs if run.unasked]


def preview_of(result: Mapping[str, Any] | None, masked: frozenset[str]) -> Preview:
    """The answer of the engine as a value; sums in the `masked` currencies are hidden (`stake.hidden` says which)."""
    answer = result or {}
    runs = tuple(_run(run) for run in answer.get("runs") or ())
    totals = {
        currency: masking.MASKED if currency in masked else Decimal(str(amount))
        for currency, amount in (answer.get("totals") or {}).items()
    }
    return Preview(
        answer.get("plan_hash"),
        int(answer.get("count") or len(runs)),
        totals,
        tuple(
            Hazard(str(one.get("kind")), str(one.get("message")), one.get("run_id"))
            for one in answer.get("hazards") or ()
        ),
        runs,
        answer.get("error"),
        {step.step: step.system for run in runs for step in run.steps if step.system},
    )


def _run(run: Mapping[str, Any]) -> PreviewedRun:
    steps = tuple(_step(step) for step in run.get("steps") or ())
    return PreviewedRun(run["run_id"], run.get("business_key"), run.get("flow"), steps)


def _step(step: Mapping[str, Any]) -> PreviewedStep:
    outcome, code = str(step.get("outcome") or ""), step.get("error_code")
    return PreviewedStep(
        str(step.get("step") or ""),
        step.get("kind"),
        step.get("system"),
        step.get("action"),
        step.get("external_id"),
        "unasked" if outcome == "fails" and code in PASSING else outcome,
        step.get("error"),
        code,
        tuple(_field(one) for one in step.get("fields") or ()),
    )


def _field(one: Mapping[str, Any]) -> PreviewedField:
    name, current, wanted = one["field"], one.get("current"), one.get("wanted")
    changed = bool(one.get("changed", current != wanted))
    return PreviewedField(name, _masked(name, current), _masked(name, wanted), changed)


def _masked(name: str, content: Any) -> Any:
    """A dry run shows that a rate changes, not the rate: clear values are asked for on a journey, and audited."""
    inner = masked_body(masking.value(name, content, NOTHING), NOTHING, name)
    return json.dumps(inner, ensure_ascii=False) if isinstance(inner, Mapping | list) else inner
