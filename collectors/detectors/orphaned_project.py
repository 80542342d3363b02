"""Projects that exist in one system and not, or not in the same state, in another that must have them (X1, X11)."""

from __future__ import annotations

from decimal import Decimal

from collectors.detectors.contract import Detector, Example, Row, at_stake, item_finding
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import MASTER_DATA, QUOTE_TO_PROJECT, TIME_TO_BILL

_SYSTEM = {"erp": "ERP", "psa": "PSA", "ppm": "portfolio system"}
_EFFECT = {
    "erp": "Finance cannot post time and expenses or invoice milestones on a project the ERP does not know.",
    "psa": "Nobody can be staffed or book time on a project the PSA does not know, so delivery starts unseen.",
    "ppm": "The portfolio steers without this project: its budget and target margin are not governed.",
}


def blocked(row: Row) -> Finding:
    """One item that waits for the project in the ERP, or for a sale."""
    if row["blocker"] == "project-unsold":
        return item_finding(
            row, fingerprint("project-unsold", row["project_key"]), _unsold(row, row["source_system"] or "psa")
        )
    counted = (
        {**row, "billable": False} if row["setup_state"] == "waiting" else row
    )  # the paused set-up's own case holds the money
    return item_finding(counted, fingerprint("project-missing", "erp", row["project_key"]), _missing_in_erp(row))


def missing(row: Row) -> Finding:
    """The project itself; what is left of its contract counts where it was never set up, and only while no blocked work
    already says what is at stake. Of a project that was deleted its unbilled work counts, which is blocked.
    """
    role = row["role"]
    was_there = row["gone_at"] is not None or row["set_up_run"] is not None
    counted = role != "ppm" and not row["work_waits"] and not was_there and not (role == "psa" and not row["in_erp"])
    cause = Cause(
        "project-missing",
        f"Project {_named(row)} is missing in the {_SYSTEM[role]}",
        f"It was sold on {row['closed_won_at']:%d %b %Y}. {_EFFECT[role]}{_vanished(row)}",
        f"Set the project up in {row['system']}, or replay its {QUOTE_TO_PROJECT} flow; "
        "everything that waits for it goes on by itself.",
        row["system"],
        "billing_blocked" if row["work_waits"] or was_there else "sold_not_set_up",
        "low" if role == "ppm" else "medium",
        suggestion=_again(row),
        flow=QUOTE_TO_PROJECT,
        system=row["system"],
        root=True,
    )
    return _project_finding(
        row,
        fingerprint("project-missing", role, row["project_key"]),
        cause,
        at_stake(row["unbilled"]) if counted else None,
    )


def unsold(row: Row) -> Finding:
    """A project without a sale behind it."""
    return _project_finding(row, fingerprint("project-unsold", row["project_key"]), _unsold(row, row["system"]), None)


def status(row: Row) -> Finding:
    """A project that some may still book on although it has ended."""
    states = {name: row[f"status_{name}"] for name in ("crm", "erp", "psa") if row[f"status_{name}"]}
    said = ", ".join(f"{value} in the {name.upper()}" for name, value in states.items())
    cause = Cause(
        "project-status",
        f"Project {_named(row)} is open in one system and closed in another",
        f"It is {said}.",
        "Decide which is right, then close or reopen the project in the other systems.",
        "psa" if states.get("psa") == "active" else "erp",
        "none",
        "medium",
        flow=MASTER_DATA,
        root=True,
    )
    return _project_finding(row, fingerprint("project-status", row["project_key"]), cause, None, **states)


def _unsold(row: Row, system: str) -> Cause:
    return Cause(
        "project-unsold",
        f"Project {_named(row)} has no sale behind it",
        f"People can book time on it in {system}, and the CRM knows no won opportunity with this code: "
        "the work may never be billed.",
        "Find the sale and put the project code on it, or close the project and move its time.",
        "crm",
        "billing_blocked",
        "medium",
        flow=QUOTE_TO_PROJECT,
        system=system,
        root=True,
        subject=("project", row["project_key"]),
    )


def _missing_in_erp(row: Row) -> Cause:
    if row["in_erp"]:
        because = "The project has been created in the meantime; this work was refused before that."
        action = "Replay: the ERP will now take it."
    else:
        because = _EFFECT["erp"] + _vanished(row) + _reason(row)
        action = (
            "Replay: its set-up runs first and makes the project in the ERP again, then what was refused is posted."
        )
        if row["set_up_run"] is None:
            action = (
                f"Set the project up in the ERP, or mend and replay its {QUOTE_TO_PROJECT} flow, "
                "then replay what was refused."
            )
    return Cause(
        "project-missing",
        f"Project {_named(row)} is missing in the ERP",
        because,
        action,
        row["blocker_owner"] or "erp",
        "billing_blocked",
        "high",
        suggestion=None if row["in_erp"] else _again(row),
        flow=TIME_TO_BILL,
        system=row["blocker_owner"],
        root=True,
        subject=("project", row["project_key"]),
    )


def _again(row: Row) -> dict[str, list[str]] | None:
    """The finished set-up that, replayed first, makes the project again."""
    return {"roots": [row["set_up_run"]]} if row["set_up_run"] else None


def _vanished(row: Row) -> str:
    """When it was first missed, where it had been there before: somebody deleted it."""
    return (
        f" It was there before and was first missed on {row['gone_at']:%A %d %b %Y, %H:%M} UTC: somebody deleted it."
        if row["gone_at"]
        else ""
    )


def _reason(row: Row) -> str:
    if row["setup_state"] == "waiting":
        return f" Its set-up waits: {row['setup_waits']}."
    if row["setup_state"] == "dead":
        return f" Its set-up was refused: {row['setup_error']}."
    return ""


def _named(row: Row) -> str:
    name = row.get("project_name") or row.get("name")
    return f"{row['project_key']} “{name}”" if name else str(row["project_key"])


def _project_finding(row: Row, text: str, cause: Cause, amount: Decimal | None, **seen: object) -> Finding:
    evidence = {
        "value": row["contract_value"],
        "currency": row["currency"],
        "closed_won_at": row["closed_won_at"],
        **seen,
    }
    return Finding(
        text,
        cause,
        "project",
        row["project_key"],
        amount,
        row["currency"] if amount is not None else None,
        row["since"],
        legal_entity=row["legal_entity"],
        project_key=row["project_key"],
        customer_key=row["customer_key"],
        evidence={name: str(value) for name, value in evidence.items() if value is not None},
    )


DETECTOR = Detector(
    "orphaned_project",
    "Projects that one system has and another lacks",
    ("X1", "X11"),
    __file__,
    {"blocked": blocked, "missing": missing, "unsold": unsold, "status": status},
)

_SOLD = {
    "project_key": "PRJ-1012",
    "name": "Data platform",
    "in_crm": True,
    "in_psa": True,
    "in_ppm": True,
    "in_erp": False,
    "status_crm": "active",
    "currency": "EUR",
    "contract_value": "90000.00",
    "closed_won_at": "2026-08-01 09:00:00+00",
}
_SEEN = [
    {"system": system, "role": role, "observed_at": "2026-09-30 11:00:00+00"}
    for system, role in (("netsuite", "erp"), ("kantata", "psa"), ("planview", "ppm"))
]
_ENTRY = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1012",
    "billable": True,
    "bill_amount": "960.00",
    "currency": "EUR",
    "state": "blocked",
    "blocker": "project-missing",
    "blocker_owner": "netsuite",
}

EXAMPLES = (
    Example(
        "sold, staffed, and unknown to the ERP",
        {"mart_project": [_SOLD], "mart_state_system": _SEEN},
        [("project-missing|erp|PRJ-1012", "PRJ-1012", "90000.00")],
    ),
    Example(
        "blocked work says what is at stake, the contract value does not count again",
        {"mart_project": [_SOLD], "mart_state_system": _SEEN, "mart_work": [_ENTRY]},
        [
            ("project-missing|erp|PRJ-1012", "TE-kantata-1", "960.00"),
            ("project-missing|erp|PRJ-1012", "PRJ-1012", None),
        ],
    ),
    Example(
        "its set-up waits: the paused sale's case holds the money",
        {
            "mart_project": [_SOLD],
            "mart_work": [_ENTRY],
            "open_runs": [
                {"run_id": "r", "flow": "quote-to-project", "state": "waiting", "business_key": "project:PRJ-1012"}
            ],
        },
        [("project-missing|erp|PRJ-1012", "TE-kantata-1", None)],
    ),
    Example(
        "nobody sold it yet: the sale is given a day to arrive",
        {
            "mart_work": [
                {
                    **_ENTRY,
                    "blocker": "project-unsold",
                    "source_system": "kantata",
                    "approved_at": "2026-09-30 11:30:00+00",
                }
            ]
        },
    ),
    Example(
        "work on a project that nobody sold",
        {
            "mart_work": [
                {
                    **_ENTRY,
                    "blocker": "project-unsold",
                    "source_system": "kantata",
                    "approved_at": "2026-09-01 11:30:00+00",
                }
            ]
        },
        [("project-unsold|PRJ-1012", "TE-kantata-1", "960.00")],
    ),
    Example(
        "sold an hour ago: set-up may take a day",
        {"mart_project": [{**_SOLD, "closed_won_at": "2026-09-30 11:00:00+00"}], "mart_state_system": _SEEN},
    ),
    Example(
        "the ERP has not been looked at since the sale",
        {"mart_project": [_SOLD], "mart_state_system": [{**_SEEN[0], "observed_at": "2026-08-01 10:00:00+00"}]},
    ),
    Example(
        "deleted after it was set up: the set-up is replayed first",
        {
            "mart_project": [_SOLD],
            "mart_state_system": _SEEN,
            "set_ups": [
                {
                    "run_id": "r",
                    "state": "settled",
                    "business_key": "project:PRJ-1012",
                    "updated_at": "2026-08-02 09:00:00+00",
                }
            ],
        },
        [("project-missing|erp|PRJ-1012", "PRJ-1012", None)],
    ),
    Example(
        "missing in the PSA and billed by milestones: what is left to bill counts",
        {
            "mart_project": [{**_SOLD, "in_erp": True, "in_psa": False}],
            "mart_state_system": _SEEN,
            "mart_work": [{**_ENTRY, "state": "billed", "blocker": None, "bill_amount": "60000.00"}],
        },
        [("project-missing|psa|PRJ-1012", "PRJ-1012", "30000.00")],
    ),
    Example(
        "set up again a minute ago, and the ERP not seen since",
        {
            "mart_project": [_SOLD],
            "mart_state_system": _SEEN,
            "set_ups": [
                {
                    "run_id": "r",
                    "state": "settled",
                    "business_key": "project:PRJ-1012",
                    "updated_at": "2026-09-30 11:59:00+00",
                }
            ],
        },
    ),
    Example(
        "a set-up that waits for data is its own case",
        {
            "mart_project": [_SOLD],
            "mart_state_system": _SEEN,
            "open_runs": [
                {"run_id": "r", "flow": "quote-to-project", "state": "waiting", "business_key": "project:PRJ-1012"}
            ],
        },
    ),
    Example(
        "in the PSA and never sold",
        {
            "mart_project": [
                {**_SOLD, "project_key": "PRJ-1", "in_erp": True},
                {
                    "project_key": "PRJ-9",
                    "in_crm": False,
                    "in_psa": True,
                    "in_erp": False,
                    "in_ppm": False,
                    "status_psa": "active",
                },
            ],
            "mart_state_system": _SEEN,
            "mart_state_project": [
                {"system": "kantata", "role": "psa", "key": "PRJ-9", "first_seen": "2026-09-01 00:00:00+00"}
            ],
        },
        [("project-unsold|PRJ-9", "PRJ-9", None)],
    ),
    Example(
        "closed in the ERP, open in the PSA",
        {
            "mart_project": [{**_SOLD, "in_erp": True, "status_erp": "closed", "status_psa": "active"}],
            "mart_state_system": _SEEN,
            "mart_state_project": [
                {"system": "netsuite", "role": "erp", "key": "PRJ-1012", "observed_at": "2026-09-01 00:00:00+00"}
            ],
        },
        [("project-status|PRJ-1012", "PRJ-1012", None)],
    ),
)
