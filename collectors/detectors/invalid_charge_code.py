"""Time and expenses on charge codes that cannot be posted, with the code that was probably meant (X2)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row, item_finding
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import TIME_TO_BILL


def code_fingerprint(fault: str, code: str | None, project: str | None) -> str:
    """One case per wrong code, and per project where the code is right for another one or there is none."""
    if code and not fault.startswith("charge-code-of-other"):
        return fingerprint(fault, code)
    return fingerprint(fault, code, project)


def booked(row: Row) -> Finding:
    """One item on a wrong code."""
    fault, code = row["fault"], row["charge_code"]
    words, meant = explain(fault), row["suggested"]
    cause = Cause(
        fault,
        f"{words.title}: {code or row['project_key']}",
        words.explanation,
        _action(row, meant) if meant else words.next_action,
        _owner(row, fault),
        words.money_kind,
        "medium",
        {"charge_code": meant} if meant else None,
        TIME_TO_BILL,
        row["source_system"],
        root=True,
        subject=("charge_code", code) if code else ("project", row["project_key"]),
    )
    at_stake = (
        row if row["approval"] != "open" else {**row, "billable": False}
    )  # until it is handed in, its owner may still mend it
    return item_finding(
        at_stake, code_fingerprint(fault, code, row["project_key"]), cause, approval=row["approval"], suggested=meant
    )


def _action(row: Row, meant: str) -> str:
    """A replay corrects the runs of a case; work that no run has met yet is corrected where it was booked."""
    if row["case_has_run"]:
        return f"Correct the code to {meant} and replay: the replay has the correction filled in."
    early = ", before it is approved" if row["state"] == "not_approved" else ""
    return f"Correct the code to {meant} where it was booked{early}."


def _owner(row: Row, fault: str) -> str:
    """A closed code is reopened in the ERP; a wrong one is corrected where it was booked."""
    return str(row["erp"] or "erp") if fault == "charge-code-inactive" else str(row["source_system"] or "psa")


DETECTOR = Detector(
    "invalid_charge_code", "Work on charge codes that cannot be posted", ("X2",), __file__, {"booked": booked}
)

_CODES = [
    {"role": "erp", "system": "netsuite", "key": f"PRJ-1012.0{n}0", "project_code": "PRJ-1012", "active": n < 3}
    for n in range(1, 5)
]
_ENTRY = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1012",
    "charge_code": "PRJ-1012.0l0",
    "billable": True,
    "bill_amount": "960.00",
    "currency": "EUR",
    "state": "blocked",
    "blocker": "charge-code-unknown",
    "code_fault": "charge-code-unknown",
    "approval": "approved",
    "run_id": "r-1",
}

EXAMPLES = (
    Example(
        "a letter for a digit",
        {"mart_state_charge_code": _CODES, "mart_work": [_ENTRY]},
        [("charge-code-unknown|PRJ-1012.0l0", "TE-kantata-1", "960.00")],
        {"suggested": "PRJ-1012.010"},
    ),
    Example(
        "still waiting for approval: found before the flow meets it",
        {
            "mart_state_charge_code": _CODES,
            "mart_work": [
                {
                    **_ENTRY,
                    "state": "not_approved",
                    "blocker": "approval-pending",
                    "approval": "submitted",
                    "run_id": None,
                }
            ],
        },
        [("charge-code-unknown|PRJ-1012.0l0", "TE-kantata-1", "960.00")],
    ),
    Example(
        "not handed in yet: seen, and no money counts before it is",
        {
            "mart_state_charge_code": _CODES,
            "mart_work": [
                {**_ENTRY, "state": "not_approved", "blocker": "not-submitted", "approval": "open", "run_id": None}
            ],
        },
        [("charge-code-unknown|PRJ-1012.0l0", "TE-kantata-1", None)],
    ),
    Example(
        "a closed code",
        {
            "mart_state_charge_code": _CODES,
            "mart_work": [
                {
                    **_ENTRY,
                    "charge_code": "PRJ-1012.030",
                    "blocker": "charge-code-inactive",
                    "code_fault": "charge-code-inactive",
                }
            ],
        },
        [("charge-code-inactive|PRJ-1012.030", "TE-kantata-1", "960.00")],
    ),
    Example(
        "another project's code: the same task of the entry's own project is meant",
        {
            "mart_state_charge_code": _CODES,
            "mart_work": [
                {
                    **_ENTRY,
                    "charge_code": "PRJ-7.020",
                    "blocker": "charge-code-of-other-project",
                    "code_fault": "charge-code-of-other-project",
                }
            ],
        },
        [("charge-code-of-other-project|PRJ-7.020|PRJ-1012", "TE-kantata-1", "960.00")],
        {"suggested": "PRJ-1012.020"},
    ),
    Example(
        "a good code is silent",
        {
            "mart_state_charge_code": _CODES,
            "mart_work": [
                {**_ENTRY, "charge_code": "PRJ-1012.010", "state": "ready", "blocker": None, "code_fault": None}
            ],
        },
    ),
)
