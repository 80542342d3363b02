"""What one system holds and the other does not, record by record: each difference a case with both sides (X12, X6)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from collectors.detectors.contract import Detector, Example, Row, at_its_day
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint

POSTING = {
    "gone": ("posting-gone", "A posting of {project} was deleted in {target}"),
    "edited": ("posting-differs", "A posting of {project} was changed in {target}"),
    "outdated": ("posting-differs", "A correction on {project} never reached {target}"),
    "foreign": ("posting-foreign", "{target} holds a posting on {project} that no work stands behind"),
    "doubled": ("posting-doubled", "Work on {project} is posted twice in {target}"),
    "withdrawn": ("posting-withdrawn", "Work on {project} was taken back, its posting in {target} stands"),
}
SHOWN = {
    "contract": ("order-differs", "The order of {project} in {target} is not what was sold"),
    "milestone": ("order-differs", "A milestone of {project} in {target} is not what was sold"),
    "budget": ("budget-differs", "The budget of {project} in {target} is not what was sold"),
    "actual_cost": ("actuals-differ", "The cost of {project} in {target} is not what the books hold"),
    "actual_revenue": ("actuals-differ", "The revenue of {project} in {target} is not what the books hold"),
    "actual_billed": ("actuals-differ", "What is billed of {project} in {target} is not what the books hold"),
}
"""Each kind is a case of its own; all postings of a project, and all its invoices, are one a cause."""


def posting(row: Row) -> Finding:
    """One posting or one piece of work: deleted, changed, foreign, doubled or taken back."""
    name, title = POSTING[row["reason"]]
    return _finding(row, name, title, row["target"])


def shown(row: Row) -> Finding:
    """One order, milestone or budget that is not what was sold, or one figure of a period that is not what the books
    hold.
    """
    name, title = SHOWN[row["entity"]]
    return _finding(row, name, title, row["target"])


def invoice(row: Row) -> Finding:
    """One invoice of which the PSA shows something else than the ERP says, or that the ERP never sent."""
    name, title = (
        ("invoice-foreign", "{target} shows an invoice of {project} that the ERP never sent")
        if row["source_key"] is None
        else ("invoice-differs", "{target} shows an invoice of {project} otherwise than the ERP")
    )
    return _finding(row, name, title, row["target"])


def unexplained(row: Row) -> Finding:
    """One record that never arrived, beyond its service level, and nobody knows why."""
    title = f"{row['entity'].replace('_', ' ').capitalize()} of {{project}} never arrived in {{target}}"
    return _finding(row, "unexplained", title, "integration")


def _finding(row: Row, name: str, title: str, owner: str) -> Finding:
    words, amount = explain(name), _amount(row)
    subject = ("project", row["project_key"]) if row["project_key"] else (row["entity"], row["item_key"])
    cause = Cause(
        name,
        title.format(project=_named(row), target=row["target"]),
        words.explanation,
        words.next_action,
        owner,
        words.money_kind,
        "medium",
        flow=row["flow"],
        system=row["target"],
        root=True,
        subject=subject,
    )
    return Finding(
        fingerprint(name, row["target"], row["project_key"], *([row["entity"]] if row["entity"] in SHOWN else [])),
        cause,
        row["entity"],
        row["item_key"],
        amount,
        (row["currency"] or row["target_currency"]) if amount is not None else None,
        row["since"],
        legal_entity=row["legal_entity"] or row["target_legal_entity"],
        project_key=row["project_key"],
        customer_key=row["customer_key"],
        evidence=_both(row),
        reporting=_at_its_day(amount, row),
    )


def _amount(row: Row) -> Decimal | None:
    """What is at stake: the side that stands alone; of two sides by how much they differ, all of it where they differ
    in something else and somebody is still to pay for it.
    """
    source, target = row["source_amount"], row["target_amount"]
    if source is not None and target is not None:
        return abs(source - target) or (abs(source) if not row.get("given_up") else None) or None
    alone = source if source is not None else target
    return abs(alone) or None if alone is not None else None


def _at_its_day(amount: Decimal | None, row: Row) -> Decimal | None:
    """What is at stake at the rate of its side: the source's where that has one."""
    side = "source" if row["source_amount"] else "target"
    whole, reporting = row[f"{side}_amount"], row[f"{side}_reporting"]
    return at_its_day(amount, whole, reporting)


def _both(row: Row) -> Mapping[str, Any]:
    """What each side says, for a person to compare."""
    seen = {
        "reason": row["reason"],
        "differs": ", ".join(row["differs"] or ()) or None,
        "fields": row["evidence"],
        "source": row["source"],
        "source_record": row["source_key"],
        "source_amount": row["source_amount"],
        "source_hours": row["source_hours"],
        "target": row["target"],
        "target_record": row["target_key"],
        "target_amount": row["target_amount"],
        "target_hours": row["target_hours"],
        "period": row["period"],
    }
    return {name: str(value) for name, value in seen.items() if value is not None}


def _named(row: Row) -> str:
    if not row["project_key"]:
        return "no project"
    return f"{row['project_key']} “{row['project_name']}”" if row["project_name"] else str(row["project_key"])


DETECTOR = Detector(
    "tie_out",
    "What does not tie out between two systems",
    ("X12", "X6"),
    __file__,
    {"posting": posting, "shown": shown, "invoice": invoice, "unexplained": unexplained},
)

_RECORD = {
    "flow": "time-to-bill",
    "source": "kantata",
    "target": "netsuite",
    "entity": "time_entry",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1001",
    "legal_entity": "NOV-DE",
    "currency": "EUR",
    "target_currency": "EUR",
    "source_key": "TE-kantata-1",
    "source_amount": "800.00",
    "place": "unexplained",
    "since": "2026-09-28 12:00:00+00",
    "in_time": False,
    "other_case": False,
}
_POSTED = {"target_key": "TE-kantata-1-v1", "target_amount": "50.00"}
_ALONE = {**_RECORD, **_POSTED, "source_key": None, "source_amount": None, "place": "unsourced"}
_ORDER = {**_RECORD, "flow": "quote-to-project", "source": "salesforce", "entity": "contract", "item_key": "PRJ-1001"}
_STATED = {
    **_RECORD,
    "flow": "portfolio-actuals",
    "source": "netsuite",
    "entity": "actual_cost",
    "item_key": "2026-09-01:EUR:NOV-DE:PRJ-1001",
}

_INVOICE = {
    **_RECORD,
    "flow": "invoice-feedback",
    "source": "netsuite",
    "target": "kantata",
    "entity": "invoice_status",
    "item_key": "IN-netsuite-1",
    "source_key": "INV-1",
    "source_amount": "1200.00",
    "target_key": "1001",
    "target_amount": "1200.00",
    "place": "case",
}

EXAMPLES = (
    Example(
        "a posting that somebody deleted",
        {"mart_tieout": [{**_RECORD, "reason": "gone"}]},
        [("posting-gone|netsuite|PRJ-1001", "TE-kantata-1", "800.00")],
    ),
    Example(
        "hours that somebody edited in the ERP: by how much the two sides differ",
        {"mart_tieout": [{**_RECORD, **_POSTED, "reason": "edited", "differs": ["hours", "amount"], "place": "case"}]},
        [("posting-differs|netsuite|PRJ-1001", "TE-kantata-1", "750.00")],
        {"differs": "hours, amount", "source_amount": "800.00", "target_amount": "50.00"},
    ),
    Example(
        "the same money on another project: all of it",
        {
            "mart_tieout": [
                {**_RECORD, **_POSTED, "target_amount": "800.00", "reason": "edited", "differs": ["project"]}
            ]
        },
        [("posting-differs|netsuite|PRJ-1001", "TE-kantata-1", "800.00")],
    ),
    Example(
        "the same money on another project, of work that two people wrote off: it differs, and holds none",
        {
            "mart_tieout": [
                {**_RECORD, **_POSTED, "target_amount": "800.00", "reason": "edited", "differs": ["project"]}
            ],
            "mart_work": [{"item_key": "TE-kantata-1", "state": "written_off"}],
        },
        [("posting-differs|netsuite|PRJ-1001", "TE-kantata-1", None)],
    ),
    Example(
        "postings without work, with work that is posted already, and of work that was taken back",
        {
            "mart_tieout": [
                {**_ALONE, "item_key": "typed-in", "reason": "foreign"},
                {**_ALONE, "reason": "doubled"},
                {**_ALONE, "item_key": "TE-kantata-2", "reason": "withdrawn"},
            ]
        },
        [
            ("posting-foreign|netsuite|PRJ-1001", "typed-in", "50.00"),
            ("posting-doubled|netsuite|PRJ-1001", "TE-kantata-1", "50.00"),
            ("posting-withdrawn|netsuite|PRJ-1001", "TE-kantata-2", "50.00"),
        ],
    ),
    Example(
        "work that is posted three times: the money of both that are too many",
        {
            "mart_tieout": [
                {**_ALONE, "target_key": "TE-kantata-1-v2", "reason": "doubled"},
                {**_ALONE, "target_key": "TE-kantata-1-v3", "target_amount": "70.00", "reason": "doubled"},
            ]
        },
        [("posting-doubled|netsuite|PRJ-1001", "TE-kantata-1", "120.00")],
        {"target_record": "TE-kantata-1-v2, TE-kantata-1-v3"},
    ),
    Example(
        "an order and a budget that are not what was sold",
        {
            "mart_tieout": [
                {**_ORDER, **_POSTED, "reason": "edited", "differs": ["amount"]},
                {**_ORDER, **_POSTED, "target": "planview", "entity": "budget", "reason": "outdated"},
            ]
        },
        [
            ("order-differs|netsuite|PRJ-1001|contract", "PRJ-1001", "750.00"),
            ("budget-differs|planview|PRJ-1001|budget", "PRJ-1001", "750.00"),
        ],
    ),
    Example(
        "a cost that somebody typed over in the portfolio, and a revenue that the flow is still to bring",
        {
            "mart_tieout": [
                {**_STATED, **_POSTED, "target": "planview", "reason": "edited", "differs": ["amount"]},
                {**_STATED, **_POSTED, "target": "planview", "entity": "actual_revenue", "reason": "outdated"}
                | {"in_time": True},
            ]
        },
        [("actuals-differ|planview|PRJ-1001|actual_cost", "2026-09-01:EUR:NOV-DE:PRJ-1001", "750.00")],
    ),
    Example(
        "an invoice that somebody cancelled in the PSA, one that it shows as open and is half paid, one that is none",
        {
            "mart_tieout": [
                {**_INVOICE, "target_amount": "0.00", "reason": "edited", "differs": ["status", "amount"]},
                {**_INVOICE, "item_key": "IN-netsuite-2", "reason": "outdated", "differs": ["said of it", "paid"]},
                {**_INVOICE, "item_key": "1003", "source_key": None, "source_amount": None, "reason": "foreign"},
                {**_INVOICE, "item_key": "IN-netsuite-4", "reason": "outdated", "in_time": True},
            ]
        },
        [
            ("invoice-differs|kantata|PRJ-1001", "IN-netsuite-1", "1200.00"),
            ("invoice-differs|kantata|PRJ-1001", "IN-netsuite-2", "1200.00"),
            ("invoice-foreign|kantata|PRJ-1001", "1003", "1200.00"),
        ],
    ),
    Example(
        "an invoice whose run is dead: who answers for the run answers for it",
        {
            "mart_tieout": [{**_INVOICE, "reason": "outdated", "differs": ["status"]}],
            "open_runs": [{"flow": "invoice-feedback", "business_key": "invoice:IN-netsuite-1", "state": "dead"}],
        },
    ),
    Example(
        "posted a day and a half ago, they say, and nowhere to be found",
        {"mart_tieout": [{**_RECORD, "reason": "missing"}]},
        [("unexplained|netsuite|PRJ-1001", "TE-kantata-1", "800.00")],
    ),
    Example(
        "sold, and its set-up is dead: who answers for the run answers for the order, from the first look on",
        {
            "mart_tieout": [{**_ORDER, "reason": "missing"}],
            "open_runs": [{"flow": "quote-to-project", "business_key": "project:PRJ-1001", "state": "dead"}],
        },
    ),
    Example(
        "what is in time, landed, written off, or owned by the case of its cause or of its invoice, is silent",
        {
            "mart_tieout": [
                {**_RECORD, "place": "landed"},
                {**_RECORD, "reason": "edited", "in_time": True},
                {**_RECORD, "reason": "gone", "place": "written_off"},
                {**_RECORD, "reason": "outdated", "place": "case", "other_case": True},
                {**_RECORD, "reason": "missing", "place": "case", "other_case": True},
                {**_RECORD, "reason": "missing", "since": "2026-09-29 11:55:00+00"},
                {**_RECORD, **_POSTED, "item_key": "TE-9", "reason": "outdated"},
            ],
            "mart_work": [
                {"item_key": "TE-9", "state": "billed", "invoice_key": "INV-1", "bill_amount": 50, "work_amount": 800}
            ],
        },
    ),
)
