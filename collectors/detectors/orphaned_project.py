"""Projects that were sold and are missing in a system that must have them (X1, X11)."""

from __future__ import annotations

from decimal import Decimal

from collectors.detectors.contract import Detector, Example, Row, at_its_day, at_stake
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import QUOTE_TO_PROJECT

_SYSTEM = {"erp": "ERP", "psa": "PSA", "ppm": "portfolio system"}
EFFECT = {
    "erp": "Finance cannot post time and expenses or invoice milestones on a project the ERP does not know.",
    "psa": "Nobody can be staffed or book time on a project the PSA does not know, so delivery starts unseen.",
    "ppm": "The portfolio steers without this project: its budget and target margin are not governed.",
}


def missing(row: Row) -> Finding:
    """The project itself; what is left of its contract counts where it was never set up, and only while no blocked work
    already says what is at stake. Of a project that was deleted its unbilled work counts, which is blocked.
    """
    role = row["role"]
    was_there = row["gone_at"] is not None or row["set_up_run"] is not None
    counted = role != "ppm" and not row["work_waits"] and not was_there and not (role == "psa" and not row["in_erp"])
    cause = Cause(
        "project-missing",
        f"Project {named(row)} is missing in the {_SYSTEM[role]}",
        f"It was sold on {row['closed_won_at']:%d %b %Y}. {EFFECT[role]}{vanished(row)}",
        f"Set the project up in {row['system']}, or replay its {QUOTE_TO_PROJECT} flow; "
        "everything that waits for it goes on by itself.",
        row["system"],
        "billing_blocked" if row["work_waits"] or was_there else "sold_not_set_up",
        "low" if role == "ppm" else "medium",
        suggestion=again(row),
        flow=QUOTE_TO_PROJECT,
        system=row["system"],
        root=not row["work_waits"],  # the work that waits says how to go on
    )
    return project_finding(
        row,
        fingerprint("project-missing", role, row["project_key"]),
        cause,
        at_stake(row["unbilled"]) if counted else None,
    )


def again(row: Row) -> dict[str, list[str]] | None:
    """The finished set-up that, replayed first, makes the project again."""
    return {"roots": [row["set_up_run"]]} if row["set_up_run"] else None


def vanished(row: Row) -> str:
    """When it was first missed, where it had been there before: somebody deleted it, or gave it another code."""
    if not row["gone_at"]:
        return ""
    what = f"it is called {row['renamed_to']} there now" if row["renamed_to"] else "somebody deleted it"
    return f" It was there before and was first missed on {row['gone_at']:%A %d %b %Y, %H:%M} UTC: {what}."


def named(row: Row) -> str:
    """The project by its code, and its name where one is known."""
    name = row.get("project_name") or row.get("name")
    return f"{row['project_key']} “{name}”" if name else str(row["project_key"])


def project_finding(row: Row, text: str, cause: Cause, amount: Decimal | None, **seen: object) -> Finding:
    """What is wrong with a project, with what was sold beside it."""
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
        reporting=at_its_day(amount, row["contract_value"], row["contract_value_reporting"]),
    )


DETECTOR = Detector(
    "orphaned_project",
    "Projects that were sold and that a system lacks",
    ("X1", "X11"),
    __file__,
    {"missing": missing},
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
_READ = [
    {"system": system, "role": role, "entity": "project", "read_until": "2026-09-30 11:00:00+00"}
    for system, role in (("netsuite", "erp"), ("kantata", "psa"), ("planview", "ppm"))
]
_WEEKS_AGO = {"read_until": "2026-08-01 10:00:00+00"}
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
        {"mart_project": [_SOLD], "mart_source": _READ},
        [("project-missing|erp|PRJ-1012", "PRJ-1012", "90000.00")],
    ),
    Example(
        "blocked work says what is at stake, the contract value does not count again",
        {"mart_project": [_SOLD], "mart_source": _READ, "mart_work": [_ENTRY]},
        [("project-missing|erp|PRJ-1012", "PRJ-1012", None)],
    ),
    Example(
        "sold an hour ago: set-up may take a day",
        {"mart_project": [{**_SOLD, "closed_won_at": "2026-09-30 11:00:00+00"}], "mart_source": _READ},
    ),
    Example(
        "the PSA's projects were read since the sale, and it is not among them",
        {"mart_project": [{**_SOLD, "in_erp": True, "in_psa": False}], "mart_source": _READ},
        [("project-missing|psa|PRJ-1012", "PRJ-1012", "90000.00")],
    ),
    Example(
        "the PSA's projects fail to be read since before the sale: its time, which is read, says nothing of them",
        {
            "mart_project": [{**_SOLD, "in_erp": True, "in_psa": False}],
            "mart_source": [_READ[0], {**_READ[1], **_WEEKS_AGO}, {**_READ[1], "entity": "time_entry"}],
        },
    ),
    Example(
        "the PSA's projects were never read",
        {
            "mart_project": [{**_SOLD, "in_erp": True, "in_psa": False}],
            "mart_source": [{**_READ[1], "read_until": None}],
        },
    ),
    Example(
        "of two PSAs the one that has its company's projects was read, the other was not",
        {
            "mart_project": [
                {**_SOLD, "in_erp": True, "in_psa": False, "legal_entity": "NOV-DE"},
                {**_SOLD, "project_key": "PRJ-1013", "in_erp": True, "in_psa": False, "legal_entity": "NOV-UK"},
            ],
            "mart_source": [_READ[0], _READ[1], {**_READ[1], **_WEEKS_AGO, "system": "replicon"}],
            "mart_state_project": [
                {"role": "psa", "system": system, "system_id": firm, "key": firm, "legal_entity": firm}
                for system, firm in (("kantata", "NOV-DE"), ("replicon", "NOV-UK"))
            ],
        },
        [("project-missing|psa|PRJ-1012", "PRJ-1012", "90000.00")],
    ),
    Example(
        "the ERP has not been looked at since the sale",
        {"mart_project": [_SOLD], "mart_source": [{**_READ[0], **_WEEKS_AGO}]},
    ),
    Example(
        "deleted after it was set up: the set-up is replayed first",
        {
            "mart_project": [_SOLD],
            "mart_source": _READ,
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
        "given another code in the ERP: whoever did so is told which",
        {
            "mart_project": [{**_SOLD, "gone_at": "2026-09-28 11:00:00+00", "renamed_to": "PRJ-1012-OLD"}],
            "mart_source": _READ,
        },
        [("project-missing|erp|PRJ-1012", "PRJ-1012", None)],
    ),
    Example(
        "missing in the PSA and billed by milestones: what is left to bill counts",
        {
            "mart_project": [{**_SOLD, "in_erp": True, "in_psa": False}],
            "mart_source": _READ,
            "mart_work": [{**_ENTRY, "state": "billed", "blocker": None, "bill_amount": "60000.00"}],
        },
        [("project-missing|psa|PRJ-1012", "PRJ-1012", "30000.00")],
    ),
    Example(
        "set up again a minute ago, and the ERP not seen since",
        {
            "mart_project": [_SOLD],
            "mart_source": _READ,
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
            "mart_source": _READ,
            "open_runs": [
                {"run_id": "r", "flow": "quote-to-project", "state": "waiting", "business_key": "project:PRJ-1012"}
            ],
        },
    ),
)
