"""Two systems that tell different margins of the same work: a case of its own, with both numbers (X6)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint


def differs(row: Row) -> Finding:
    """One entry or expense on whose margin the two systems differ, and by how much."""
    words = explain("margin-differs")
    cause = Cause(
        "margin-differs",
        f"PSA and ERP tell different margins of {_named(row)}",
        words.explanation,
        words.next_action,
        row["erp"],
        words.money_kind,
        "medium",
        system=row["erp"],
        root=True,
        subject=("project", row["project_key"]),
    )
    seen = {
        "margin_in_the_psa": row["psa_margin_reporting"],
        "margin_in_the_erp": row["erp_margin_reporting"],
        "of_it_by_cost": row["cost_reporting"],
        "project_in_the_psa": row["psa_margin"],
        "project_in_the_erp": row["erp_margin"],
    }
    apart = abs(row["difference_reporting"])
    return Finding(
        fingerprint("margin-differs", row["project_key"]),
        cause,
        row["entity"],
        row["item_key"],
        apart,
        row["currency"],
        row["since"],
        legal_entity=row["legal_entity"],
        project_key=row["project_key"],
        customer_key=row["customer_key"],
        evidence={name: str(value) for name, value in seen.items() if value is not None},
        period=row["period"],
        reporting=apart,
    )


def _named(row: Row) -> str:
    return f"{row['project_key']} “{row['name']}”" if row["name"] else str(row["project_key"])


DETECTOR = Detector("margin_gap", "Margins that two systems tell differently", ("X6",), __file__, {"differs": differs})

_ITEM = {
    "entity": "time_entry",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1001",
    "legal_entity": "NOV-DE",
    "month": "2026-09-01",
    "period": "2026-09",
    "psa": "kantata",
    "erp": "netsuite",
    "psa_margin_reporting": "280.00",
    "erp_margin_reporting": "200.00",
    "difference_reporting": "80.00",
    "cost_reporting": "80.00",
    "why": "cost",
    "told": False,
    "currency": "EUR",
    "since": "2026-09-28 12:00:00+00",
    "compared": True,
}
_MARGIN = {"project_key": "PRJ-1001", "psa_margin_reporting": "1280.00", "erp_margin_reporting": "1200.00"}

EXAMPLES = (
    Example(
        "the same hours at another cost rate",
        {"mart_margin_gap": [_ITEM], "mart_margin": [{**_MARGIN, "month": "2026-09-01"}]},
        [("margin-differs|PRJ-1001", "TE-kantata-1", "80.00")],
        {"margin_in_the_psa": "280.00", "margin_in_the_erp": "200.00", "project_in_the_erp": "1200.00"},
    ),
    Example(
        "the ERP's margin is the higher one: as much is in doubt",
        {"mart_margin_gap": [{**_ITEM, "difference_reporting": "-80.00"}]},
        [("margin-differs|PRJ-1001", "TE-kantata-1", "80.00")],
    ),
    Example(
        "what did not arrive, what another case says, cents, and what one system was not read for, is silent",
        {
            "mart_margin_gap": [
                {**_ITEM, "why": "missing", "told": True},
                {**_ITEM, "item_key": "TE-2", "why": "bill", "told": True},
                {**_ITEM, "item_key": "TE-3", "why": "rounding", "difference_reporting": "0.01"},
                {**_ITEM, "item_key": "TE-4", "compared": False},
                {**_ITEM, "item_key": "TE-5", "since": "2026-09-30 11:55:00+00"},
            ]
        },
    ),
)
