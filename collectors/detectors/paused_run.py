"""Runs that wait for master data, an approval or a row of a value map, with what is missing and who owns it (E5, X4,
M8).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from collectors.detectors.contract import Detector, Example, Row, at_its_day, at_stake
from models.domain.explanations import MoneyKind
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import QUOTE_TO_PROJECT, TIME_TO_BILL
from models.domain.value_map import UNMAPPED, WAITED


def waiting(row: Row) -> Finding:
    """One waiting run; runs that wait for the same thing are one case."""
    if str(row["waiting_for"]).startswith(f"{WAITED}/"):
        return _untold(row)
    lacking = _names(row["missing"])
    changed = row["flow"] == QUOTE_TO_PROJECT and row["was_there"]
    setup = row["flow"] == QUOTE_TO_PROJECT and not changed
    what = ", ".join(name.removeprefix("dimensions.").replace("_", " ") for name in lacking) or str(row["waiting_for"])
    title = (
        f"Set-up of {row['business_key'].partition(':')[2]} waits for {what}"
        if setup
        else f"A change of {row['business_key'].partition(':')[2]} waits for {what}"
        if changed
        else f"{row['flow']} waits for {row['waiting_for']}"
    )
    owner = row["waiting_owner"] or "integration"
    cause = Cause(
        "paused",
        title,
        f"The flow paused safely: {row['waiting_because']}. "
        "Nothing half-made is left behind, and it goes on by itself.",
        f"Supply {what} in the {owner.upper() if len(owner) == 3 else owner}; no replay is needed.",
        owner,
        "none" if changed else "sold_not_set_up" if setup else "billing_blocked",
        "medium" if setup or changed else "low",
        flow=row["flow"],
        system=row["waiting_owner"],
        root=True,
    )
    text = fingerprint("paused", row["flow"], row["waiting_for"] or row["business_key"])
    if row["awaited_project"]:
        cause, text = _for_project(row, cause)
    # The project runs, or did: work on it is billed as before, and what a gate holds back is that gate's case.
    amount = None if changed else at_stake(row["amount"], row["billable"])
    seen = {"waiting_for": row["waiting_for"], "missing": lacking, "because": row["waiting_because"]}
    return _finding(row, text, cause, amount, seen)


def _untold(row: Row) -> Finding:
    """A run that waits for a row of a value map: one case a word, whichever flows and records need it."""
    _, name, word = row["waiting_for"].split("/", 2)
    said = _names(row["missing"])
    setup = row["flow"] == QUOTE_TO_PROJECT
    kind: MoneyKind = "billing_blocked" if row["flow"] == TIME_TO_BILL else "none"
    owner = row["waiting_owner"] or "integration"
    cause = Cause(
        UNMAPPED,
        f"{word!r} has no row in the value map {name}",
        f"The flow paused safely: {row['waiting_because']}. Nothing was written, and it goes on by itself.",
        f"Decide with {row['said_by'] or 'its source'} what {word!r} means and add the row; no replay is needed.",
        owner,
        ("none" if row["was_there"] else "sold_not_set_up") if setup else kind,
        "medium",
        flow=row["flow"],
        system=row["said_by"],
        root=True,
        subject=("value_map", name),
    )
    amount = at_stake(row["amount"], row["billable"]) if cause.money_kind != "none" else None
    seen = {"map": name, "word": word, "field": ", ".join(said), "because": row["waiting_because"]}
    text = fingerprint(UNMAPPED, name, word if word == word.strip() else repr(word))
    return _finding(row, text, cause, amount, seen)


def _finding(row: Row, text: str, cause: Cause, amount: Decimal | None, seen: Mapping[str, Any]) -> Finding:
    entity, _, key = row["business_key"].partition(":")
    return Finding(
        text,
        cause,
        entity,
        row["item_key"] or key,
        amount,
        row["currency"] if amount is not None else None,
        row["created_at"],
        row["run_id"],
        row["trace_id"],
        row["legal_entity"],
        row["project_key"],
        row["customer_key"],
        seen,
        reporting=at_its_day(amount, row["whole"], row["whole_reporting"]),
    )


def _for_project(row: Row, cause: Cause) -> tuple[Cause, str]:
    """Work that waits for a project belongs to that project's case, whatever its own detector says of it."""
    name, code = ("project-unsold" if row["unsold"] else "project-missing"), row["awaited_project"]
    title = f"Project {code} has no sale behind it" if row["unsold"] else f"Project {code} is missing in the ERP"
    text = fingerprint(name, code) if row["unsold"] else fingerprint(name, "erp", code)
    return replace(cause, cause=name, title=title, floor="medium", root=False, subject=("project", code)), text


def _names(missing: str | None) -> list[str]:
    held = json.loads(missing) if missing else []
    return [str(name) for name in held] if isinstance(held, list) else []


DETECTOR = Detector(
    "paused_run", "Flows that wait for somebody's data", ("E5", "X4", "M8"), __file__, {"waiting": waiting}
)

_RUN = {
    "run_id": "run-1",
    "flow": "quote-to-project",
    "state": "waiting",
    "business_key": "project:PRJ-1020",
    "waiting_for": "opportunity:PRJ-1020",
    "waiting_because": "the opportunity has no cost centre",
    "waiting_missing": '["cost_centre"]',
    "waiting_owner": "crm",
    "amount": "50000.00",
    "currency": "EUR",
    "created_at": "2026-09-30 11:59:00+00",
}

_WORK_RUN = {
    **_RUN,
    "flow": "time-to-bill",
    "business_key": "time_entry:TE-kantata-1",
    "waiting_for": "resource:E-1002",
    "waiting_missing": None,
    "created_at": "2026-09-30 11:00:00+00",
}

_WORD = "value_map/psa-expenses"
_UNTOLD = {
    **_RUN,
    "flow": "time-to-bill",
    "business_key": "expense:EX-1",
    "waiting_for": f"{_WORD}/Train",
    "waiting_because": "'Train' in expense.category has no row in version 1 of the value map psa-expenses",
    "waiting_missing": '["expense.category"]',
    "waiting_owner": "finance",
    "system": "kantata",
    "amount": "80.00",
}

EXAMPLES = (
    Example(
        "a mandatory dimension is missing",
        {"open_runs": [_RUN]},
        [("paused|quote-to-project|opportunity:PRJ-1020", "PRJ-1020", "50000.00")],
        {"missing": ["cost_centre"]},
    ),
    Example(
        "a dimension goes from a sale whose project runs: its contract is not at stake",
        {"open_runs": [_RUN], "mart_project": [{"project_key": "PRJ-1020", "in_erp": True}]},
        [("paused|quote-to-project|opportunity:PRJ-1020", "PRJ-1020", None)],
    ),
    Example(
        "a dimension goes from a sale whose project was renamed in the ERP: its work is at stake, not its contract",
        {
            "open_runs": [_RUN],
            "mart_project": [{"project_key": "PRJ-1020", "in_erp": False, "gone_at": "2026-09-29 12:00:00+00"}],
        },
        [("paused|quote-to-project|opportunity:PRJ-1020", "PRJ-1020", None)],
    ),
    Example(
        "a correction of billed work that waits: its money is the invoice's case",
        {
            "open_runs": [_WORK_RUN],
            "mart_work": [
                {
                    "item_key": "TE-kantata-1",
                    "run_id": "run-1",
                    "billable": True,
                    "bill_amount": "960.00",
                    "currency": "EUR",
                    "state": "billed",
                }
            ],
        },
        [("paused|time-to-bill|resource:E-1002", "TE-kantata-1", None)],
    ),
    Example(
        "an older word of work waits, and a newer one behind it: what hangs on it is what it is worth now",
        {
            "open_runs": [
                {**_WORK_RUN, "amount": "80.00", "source_version": "1"},
                {**_WORK_RUN, "run_id": "run-2", "state": "ready", "amount": "0.00", "source_version": "2"},
            ],
            "mart_work": [
                {
                    "item_key": "TE-kantata-1",
                    "run_id": "run-2",
                    "billable": False,
                    "bill_amount": "0.00",
                    "currency": "EUR",
                    "state": "moving",
                    "blocker": "in-flight",
                }
            ],
        },
        [("paused|time-to-bill|resource:E-1002", "TE-kantata-1", None)],
    ),
    Example(
        "an older word of work waits that was withdrawn since: nothing hangs on it",
        {
            "open_runs": [
                {**_WORK_RUN, "amount": "80.00", "source_version": "1"},
                {**_WORK_RUN, "run_id": "run-2", "state": "ready", "amount": None, "source_version": "2"},
            ]
        },
        [("paused|time-to-bill|resource:E-1002", "TE-kantata-1", None)],
    ),
    Example(
        "work waits, and a newer word of it was refused: that one's case has the money",
        {
            "open_runs": [
                {**_WORK_RUN, "amount": "80.00", "source_version": "1"},
                {**_WORK_RUN, "run_id": "run-2", "state": "dead", "amount": "90.00", "source_version": "2"},
            ]
        },
        [("paused|time-to-bill|resource:E-1002", "TE-kantata-1", None)],
    ),
    Example(
        "time that waits for a person for an hour",
        {
            "open_runs": [
                {
                    **_RUN,
                    "flow": "time-to-bill",
                    "business_key": "time_entry:TE-1",
                    "waiting_for": "resource:E-9",
                    "amount": "80.00",
                    "created_at": "2026-09-30 11:00:00+00",
                }
            ]
        },
        [("paused|time-to-bill|resource:E-9", "TE-1", "80.00")],
    ),
    Example(
        "time that waits for a project that nobody sold: the project's case",
        {
            "open_runs": [
                {
                    **_RUN,
                    "flow": "time-to-bill",
                    "business_key": "time_entry:TE-1",
                    "waiting_for": "project:PRJ-1900",
                    "amount": "80.00",
                    "created_at": "2026-09-30 11:00:00+00",
                }
            ]
        },
        [("project-unsold|PRJ-1900", "TE-1", "80.00")],
    ),
    Example(
        "words that a value map has no row for: a case each, at once, whoever needs them",
        {
            "open_runs": [
                _UNTOLD,
                {**_UNTOLD, "run_id": "run-2", "business_key": "expense:EX-2", "amount": "20.00"},
                {**_UNTOLD, "run_id": "run-3", "business_key": "expense:EX-3", "waiting_for": f"{_WORD}/Air/port"},
                {
                    **_UNTOLD,
                    "run_id": "run-4",
                    "flow": "quote-to-project",
                    "business_key": "project:PRJ-1020",
                    "waiting_for": "value_map/crm-lines/IMPL",
                    "amount": "50000.00",
                },
                {
                    **_UNTOLD,
                    "run_id": "run-5",
                    "flow": "master-data",
                    "business_key": "resource:workday:1",
                    "waiting_for": "value_map/hr-roles/Sr",
                    "amount": None,
                },
            ]
        },
        [
            ("unmapped-value|psa-expenses|Train", "EX-1", "80.00"),
            ("unmapped-value|psa-expenses|Train", "EX-2", "20.00"),
            ("unmapped-value|psa-expenses|Air/port", "EX-3", "80.00"),
            ("unmapped-value|crm-lines|IMPL", "PRJ-1020", "50000.00"),
            ("unmapped-value|hr-roles|Sr", "workday:1", None),
        ],
    ),
    Example(
        "time that waits for a moment",
        {"open_runs": [{**_RUN, "flow": "time-to-bill", "business_key": "time_entry:TE-1"}]},
    ),
)
