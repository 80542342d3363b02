"""How the places of the tie-out, its joints and its reasons are named; knows no Streamlit."""

from __future__ import annotations

PLACES = {
    "landed": (
        "Landed",
        "The other system holds the same: of work its amount, hours, rate, project, code, person and date, of a sale, "
        "an order or an invoice its amount, currency, date and company.",
    ),
    "on_its_way": (
        "On its way",
        "It left its source within the service level of its flow (what is ready has 45 days until its invoice), or the "
        "other system was not read since: wait.",
    ),
    "cases": ("Owned by a case", "Something is wrong with it, and an open case says what, and whose it is."),
    "written_off": ("Written off", "One person asked for it, another approved it, for exactly this amount."),
    "unexplained": ("Unexplained", "Nothing accounts for it. Beyond its service level it becomes a case of its own."),
}
"""The five places of what a source has: one of them is where each record stands."""
UNSOURCED = (
    "Without a source",
    "What a target holds and the source has not, or not so: foreign, doubled or different. What differs stands in a "
    "place on its source's side too.",
)
COLOURS = {
    "landed": "#009e73",
    "on_its_way": "#56b4e9",
    "cases": "#e69f00",
    "written_off": "#8b97a6",
    "unexplained": "#d55e00",
}
JOINTS = {
    "time_entry": "Approved time → posting",
    "expense": "Approved expense → posting",
    "invoice_line": "Posting, milestone → invoice",
    "invoice_status": "Invoice → what the PSA shows",
    "contract": "Sale → order",
    "budget": "Sale → budget",
    "milestone": "Milestone sold → order line",
    "actual_cost": "Cost in the books → portfolio",
    "actual_revenue": "Revenue in the books → portfolio",
    "actual_billed": "Billed in the books → portfolio",
}
REASONS = {
    "missing": "not there",
    "outdated": "changed at the source since",
    "edited": "changed in the target",
    "over-billed": "billed at more",
    "under-billed": "billed at less",
    "gone": "deleted in the target",
    "foreign": "nobody knows its source",
    "doubled": "there a second time",
    "withdrawn": "taken back at the source",
}
"""Why a record is apart, as the tie-out names it."""


def reason_of(entity: str, reason: str | None) -> str:
    """Why a record is apart, in a few words."""
    if (entity, reason) == ("invoice_line", "missing"):
        return "on no invoice"
    return REASONS.get(reason or "", reason or "")


def joint_of(entity: str) -> str:
    """A joint by the entity that passes it; one that nobody named by the entity's own name."""
    return JOINTS.get(entity, entity.replace("_", " ").capitalize())
