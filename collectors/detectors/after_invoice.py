"""What is wrong once it was billed: work that changed after its invoice, invoices that bill nothing (X17)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row, at_its_day, item_finding
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint

TITLES = {
    "over-billed": "Invoices of {project} bill more than was worked",
    "under-billed": "Invoices of {project} bill less than was worked",
    "billed-twice": "Work on {project} is billed twice",
    "billed-elsewhere": "Invoices of {project} bill work of others",
    "billed-to-another": "Invoices of {project} went to another customer",
    "line-without-work": "Invoices of {project} bill what nobody worked",
    "invoice-void": "Invoice {project} bills nothing any more",
    "invoice-unknown": "Work is called invoiced on {project}, which does not bill it",
}


def billed(row: Row) -> Finding:
    """One item with its exact difference; the whole line where it is on the wrong invoice."""
    whole = row["cause"] in ("billed-elsewhere", "billed-to-another")
    seen = {
        "invoice": row["invoices"],
        "billed": row["bill_amount"],
        "worth_today": row["work_amount"],
        "difference": row["difference"],
        "project_of_invoice": row["billed_project"],
        "legal_entity_of_invoice": row["billed_entity"],
        "project_of_work": row["project_key"],
        "customer_of_invoice": row["billed_customer"] if row["other_customer"] else None,
        "deleted": True if row["gone"] else None,
    }
    apart = abs(row["bill_amount"] if whole else row["difference"])
    at_stake = {
        **row,
        "bill_amount": apart,
        "bill_reporting": at_its_day(apart, row["bill_amount"], row["bill_reporting"]),
        "legal_entity": row["billed_entity"] or row["legal_entity"],
        "project_key": row["billed_project"] or row["project_key"],
    }
    text = fingerprint(row["cause"], at_stake["project_key"], at_stake["legal_entity"])
    subject = ("project", at_stake["project_key"] or "-")
    return item_finding(at_stake, text, _cause(row["cause"], _named(at_stake), row["system"], subject), **seen)


def itemless(row: Row) -> Finding:
    """One line of time, expense or milestone that names no work."""
    cause = _cause("line-without-work", _named(row), row["system"], ("project", row["project_key"] or "-"))
    return Finding(
        fingerprint("line-without-work", row["project_key"], row["legal_entity"]),
        cause,
        "invoice_line",
        f"{row['invoice_key']}/{row['line']}",
        abs(row["amount"]),
        row["currency"],
        legal_entity=row["legal_entity"],
        project_key=row["project_key"],
        customer_key=row["customer_key"],
        evidence={"invoice": str(row["invoice_key"]), "line": str(row["line"]), "kind": str(row["kind"])},
        reporting=None if row["amount_reporting"] is None else abs(row["amount_reporting"]),
    )


def released(row: Row) -> Finding:
    """One item of an invoice that was voided or credited, or that nobody knows: the invoice is the case."""
    number = row["number"] or row["blocker_key"] or "-"
    told = f"{number} of {_named(row)}" if row["number"] and row["of_one_project"] else number
    cause = _cause(row["blocker"], told, row["blocker_owner"], ("invoice", number))
    return item_finding(row, fingerprint(row["blocker"], number, row["legal_entity"]), cause, invoice=number)


def _cause(name: str, project: str, owner: str | None, subject: tuple[str, str]) -> Cause:
    words = explain(name)
    return Cause(
        name,
        TITLES[name].format(project=project),
        words.explanation,
        words.next_action,
        owner or "erp",
        words.money_kind,
        "medium",
        system=owner or "erp",
        root=True,
        subject=subject,
    )


def _named(row: Row) -> str:
    if not row["project_key"]:
        return "no project"
    return f"{row['project_key']} “{row['project_name']}”" if row["project_name"] else str(row["project_key"])


DETECTOR = Detector(
    "after_invoice",
    "What is wrong once it was billed",
    ("X17",),
    __file__,
    {"billed": billed, "itemless": itemless, "released": released},
)

_ITEM = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1001",
    "legal_entity": "ACME-DE",
    "billable": True,
    "bill_amount": "800.00",
    "work_amount": "800.00",
    "currency": "EUR",
    "work_currency": "EUR",
    "state": "billed",
    "gone": False,
    "posted_at": "2026-09-20 12:00:00+00",
}
_BILLED = {"customer_key": "C-1001"}
_LINE = {
    "system": "netsuite",
    "invoice_key": "INV-1",
    "line": 1,
    "status": "open",
    "stands": True,
    "project_key": "PRJ-1001",
    "legal_entity": "ACME-DE",
    "kind": "time",
    "item_key": "TE-kantata-1",
    "amount": "800.00",
    "currency": "EUR",
}

EXAMPLES = (
    Example(
        "cut after the invoice",
        {"mart_work": [{**_ITEM, "work_amount": "25.00"}], "mart_invoice_line": [_LINE]},
        [("over-billed|PRJ-1001|ACME-DE", "TE-kantata-1", "775.00")],
        {"invoice": "INV-1", "difference": "775.00"},
    ),
    Example(
        "raised after the invoice",
        {"mart_work": [{**_ITEM, "work_amount": "1200.00"}], "mart_invoice_line": [_LINE]},
        [("under-billed|PRJ-1001|ACME-DE", "TE-kantata-1", "400.00")],
        {"difference": "-400.00"},
    ),
    Example(
        "deleted after the invoice",
        {"mart_work": [{**_ITEM, "work_amount": "0.00", "gone": True}], "mart_invoice_line": [_LINE]},
        [("over-billed|PRJ-1001|ACME-DE", "TE-kantata-1", "800.00")],
        {"deleted": "True"},
    ),
    Example(
        "billed on another project than its source said when it was read last, before the ERP took it",
        {
            "mart_work": [
                {**_ITEM, "project_key": "PRJ-1002", "untold": True},
                {**_ITEM, "item_key": "TE-kantata-2", "gone": True, "posted_at": None, "untold": True},
            ],
            "mart_invoice_line": [_LINE, {**_LINE, "line": 2, "item_key": "TE-kantata-2"}],
        },
    ),
    Example(
        "moved to another project after the invoice: the case is the invoice's project's",
        {"mart_work": [{**_ITEM, "project_key": "PRJ-1002"}], "mart_invoice_line": [_LINE]},
        [("billed-elsewhere|PRJ-1001|ACME-DE", "TE-kantata-1", "800.00")],
    ),
    Example(
        "the invoice went to another customer, and one to the group that its customer belongs to",
        {
            "mart_work": [{**_ITEM, **_BILLED}, {**_ITEM, **_BILLED, "item_key": "TE-kantata-2"}],
            "mart_invoice_line": [
                {**_LINE, "customer_key": "C-2002"},
                {**_LINE, "line": 2, "item_key": "TE-kantata-2", "customer_key": "C-1000"},
            ],
            "mart_state_customer": [{"system": "netsuite", "role": "erp", "key": "C-1001", "parent_key": "C-1000"}],
        },
        [("billed-to-another|PRJ-1001|ACME-DE", "TE-kantata-1", "800.00")],
        {"customer_of_invoice": "C-2002"},
    ),
    Example(
        "on two invoices: what is billed too much",
        {
            "mart_work": [{**_ITEM, "bill_amount": "1600.00"}],
            "mart_invoice_line": [_LINE, {**_LINE, "invoice_key": "INV-2"}],
        },
        [("billed-twice|PRJ-1001|ACME-DE", "TE-kantata-1", "800.00")],
        {"invoice": "INV-1, INV-2"},
    ),
    Example(
        "on two invoices in two parts, and a line that names a whole piece of work: nothing is wrong",
        {
            "mart_work": [_ITEM, {**_ITEM, "item_key": "TE-kantata-2", "bill_amount": "800.01"}],
            "mart_invoice_line": [
                {**_LINE, "amount": "300.00"},
                {**_LINE, "invoice_key": "INV-2", "amount": "500.00"},
                {**_LINE, "item_key": "TE-kantata-2", "amount": "800.01"},
            ],
        },
    ),
    Example(
        "a line for work that no system knows, and one that names none",
        {
            "mart_work": [{**_ITEM, "work_amount": "0.00", "gone": True, "posted_at": None}],
            "mart_invoice_line": [_LINE, {**_LINE, "line": 2, "item_key": None, "amount": "99.00"}],
        },
        [
            ("line-without-work|PRJ-1001|ACME-DE", "TE-kantata-1", "800.00"),
            ("line-without-work|PRJ-1001|ACME-DE", "INV-1/2", "99.00"),
        ],
    ),
    Example(
        "lines that bill no work by their nature, and lines of a draft",
        {
            "mart_invoice_line": [
                {**_LINE, "line": line, "item_key": None, "kind": kind}
                for line, kind in enumerate(
                    ("discount", "tax", "rounding", "retainer", "fixed_fee", "subscription", "adjustment"), 1
                )
            ]
            + [{**_LINE, "invoice_key": "INV-2", "item_key": None, "status": "draft", "stands": False}]
        },
    ),
    Example(
        "an invoice was voided: one case for it, with each piece of work",
        {
            "mart_work": [
                {**_ITEM, "state": "blocked", "blocker": "invoice-void", "blocker_owner": "netsuite"},
                {**_ITEM, "item_key": "TE-2", "state": "blocked", "blocker": "invoice-void", "bill_amount": "100.00"},
            ],
            "mart_invoice_line": [
                {**_LINE, "status": "void", "stands": False},
                {**_LINE, "line": 2, "item_key": "TE-2", "status": "void", "stands": False},
            ],
        },
        [("invoice-void|INV-1|ACME-DE", "TE-2", "100.00"), ("invoice-void|INV-1|ACME-DE", "TE-kantata-1", "800.00")],
        {"invoice": "INV-1"},
    ),
    Example(
        "called invoiced under a number that nobody knows",
        {"mart_work": [{**_ITEM, "state": "blocked", "blocker": "invoice-unknown", "blocker_key": "INV-404"}]},
        [("invoice-unknown|INV-404|ACME-DE", "TE-kantata-1", "800.00")],
    ),
)
