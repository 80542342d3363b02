"""What rules would make of what came lately, before they are switched on: nothing is kept (C9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.readings.elsewhere.reading import SQL
from app.readings.elsewhere.rows import ForeignRun, Trial
from app.readings.journey.search import counted
from app.readings.masking import masked_rows
from app.readings.reading import answers
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.catalogue import Elsewhere
from models.derivation.trying import tried
from models.domain.errors import TieoutError
from models.domain.flow_rule import FlowRule

MOST = 100_000
"""As many spans, and as many logs, as are looked at: the newest."""


class NoSuchRule(TieoutError):
    """A rule that the catalogue does not have: ask for one of those that it names."""

    code = "reading.no-such-rule"


def trial(stores: Stores, viewer: Viewer, names: Iterable[str] = (), hours: float = 1.0) -> Trial:
    """What these rules, or those that are switched on, would make of what came within the last hours of wall time.

    Raises NoSuchRule, with the names of the rules that there are.
    """
    rules = _chosen(stores.catalogue.rules, tuple(names))
    since = {"since": datetime.now(UTC) - timedelta(hours=hours)}
    spans, logs = (answers(stores, viewer, SQL[name], since) for name in ("spans", "logs"))
    found = tried(Elsewhere(rules, stores.catalogue.elsewhere.flows), spans, logs)
    failures = found["mart_foreign_failure"]
    return Trial(
        runs=masked_rows(ForeignRun, map(_shown, found["mart_foreign_run"]), viewer.clear),
        failures=len(failures),
        cases=tuple(sorted({_case(one) for one in failures})),
        keyless=sum(one["business_key"] is None for one in failures),
        spans=len(spans),
        logs=len(logs),
        whole=len(spans) < MOST and len(logs) < MOST,
        unread=tuple(one.name for one in rules if one.name not in {run["rule"] for run in found["mart_foreign_run"]}),
    )


def told(trial: Trial) -> Iterator[str]:
    """A trial in sentences."""
    looked = "" if trial.whole else f", the newest of what came; more than {MOST:,} are not looked at"
    came = f"{counted(trial.spans, 'span')} and {counted(trial.logs, 'log')}"
    yield f"{counted(len(trial.runs), 'run')} in {came}{looked}"
    if trial.failures:
        failed, cases = counted(trial.failures, "open failure"), counted(len(trial.cases), "case")
        yield f"{failed} would be {cases}:"
        yield from (f"- {case}" for case in trial.cases)
    if trial.keyless:
        yield f"{trial.keyless:,} of them name no business key, so that no later run closes their case: give `key`"
    yield from (f"rule {name} fitted nothing" for name in trial.unread)


def _chosen(rules: tuple[FlowRule, ...], names: tuple[str, ...]) -> tuple[FlowRule, ...]:
    """The rules of these names, switched on or not; without names all that are on."""
    if unknown := set(names) - {rule.name for rule in rules}:
        known = ", ".join(sorted(rule.name for rule in rules))
        raise NoSuchRule(f"no rule is called {', '.join(sorted(unknown))}: use {known}")
    return tuple(replace(rule, active=True) for rule in rules if (rule.name in names if names else rule.active))


def _shown(run: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: run[field.name] for field in fields(ForeignRun)}


def _case(failure: Mapping[str, Any]) -> str:
    said = failure["template"] or failure["error_code"] or "without a word"
    return f"{failure['flow']} fails{' at ' + failure['step'] if failure['step'] else ''}: {said}"
