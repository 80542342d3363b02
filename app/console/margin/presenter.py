"""What we earn against what we sold, and whether it can be trusted, in a sentence and figures; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.console.widgets import formats
from app.console.widgets.markup import Metric
from app.readings.margin.rows import Project
from app.readings.margin.sums import EROSION, Margin, eroding, summed
from app.readings.masking import MASKED, Amount, Masked
from models.domain.rounding import PER_ENTRY

GRAVE = Decimal("0.01")
"""PSA and ERP may differ by this share of the gross margin before it is red."""
OVER_REVENUE = "(Revenue − direct delivery cost) ÷ revenue of the period; the sold target is weighted by revenue"
SHORT = (
    "Margin erosion: (target − margin) × revenue, over the projects more than two points below what was sold; "
    "others do not make up for them"
)


def verdict(all_: Margin, currency: str) -> tuple[str, str]:
    """The margin beside its target, and whether PSA and ERP agree on it."""
    if not all_.revenue:
        return "", "No revenue is known in this period."
    if isinstance(all_.margin, Masked):
        return "", f"Revenue is {formats.money_short(all_.revenue, currency)}; margins are masked for your roles."
    trust = _trust(all_, currency)
    if not isinstance(all_.gap, Decimal):
        return "", f"Margin is {formats.percent(all_.share)}; no project has a target. {trust}."
    side, by = "above" if all_.gap >= 0 else "below", formats.points(abs(all_.gap)).lstrip("+")
    return gap_mood(
        all_.gap
    ), f"Margin of the period is {formats.percent(all_.share)}, {by} {side} its sold target; {trust}."


def _trust(all_: Margin, currency: str) -> str:
    if all_.beyond:
        return f"PSA and ERP differ by {formats.money_short(all_.beyond, currency)}"
    return f"PSA and ERP agree{' but for rounding' if all_.disagreement else ''}"


def tolerance(all_: Margin, currency: str) -> str:
    """What counts as rounding, for the page to name, and what is red where the margin is clear."""
    grave = f"; more than {formats.percent(GRAVE, 0)} of the gross margin is red"
    rounding = f"Up to {formats.money(PER_ENTRY, currency)} per time entry or expense counts as rounding"
    return f"{rounding}{'' if isinstance(all_.margin, Masked) else grave}."


def figures(projects: Sequence[Project], currency: str) -> list[Metric]:
    """The metric row; cost and margin only for those who may see labour rates."""
    all_ = summed(projects)

    def money(label: str, value: Amount, note: str, tip: str) -> Metric:
        return Metric(label, formats.money_short(value, currency), note, tip)

    return [
        money("Revenue", all_.revenue, "earned in the period", "Value of approved billable work"),
        money("Cost", all_.cost, "direct delivery cost", "Hours × cost rate, plus project expenses"),
        money("Gross margin", all_.margin, "revenue − cost", "Revenue − direct delivery cost"),
        Metric(
            "Margin",
            formats.percent(all_.share),
            f"sold target {formats.percent(all_.target)}",
            OVER_REVENUE,
            gap_mood(all_.gap),
        ),
        _short_of_target(all_, projects, currency),
        _disagreement(all_, currency),
    ]


def gap_mood(gap: Amount | None) -> str:
    """The colour of a distance from target; none where it is masked, since a colour would tell it."""
    if not isinstance(gap, Decimal):
        return ""
    return "good" if gap >= 0 else "warn" if gap > -EROSION else "bad"


def _short_of_target(all_: Margin, projects: Sequence[Project], currency: str) -> Metric:
    if isinstance(all_.margin, Masked):
        return Metric("Short of target", str(MASKED), str(MASKED), SHORT)
    found = eroding(projects)
    lost = sum((sums.eroded for sums, _ in found if isinstance(sums.eroded, Decimal)), Decimal(0))
    note = f"on {formats.plural(len(found), 'project')}"
    return Metric("Short of target", formats.money_short(lost, currency), note, SHORT, "warn" if lost else "")


def _disagreement(all_: Margin, currency: str) -> Metric:
    written = formats.money_short if all_.beyond else formats.money
    tip = f"Σ |margin in PSA − margin in ERP|. {tolerance(all_, currency)}"
    return Metric("PSA vs ERP", written(all_.disagreement, currency), _apart_note(all_), tip, _apart_mood(all_))


def _apart_note(all_: Margin) -> str:
    """The share is masked with the margin: from it and the difference the margin follows."""
    part = all_.apart_share
    if all_.beyond:
        return str(part) if isinstance(part, Masked) else f"{formats.percent(part)} of gross margin"
    return "rounding only" if all_.disagreement else "they agree"


def _apart_mood(all_: Margin) -> str:
    """Red says that the share is beyond GRAVE, so where the share is masked nothing is red."""
    if not all_.beyond:
        return "" if all_.disagreement else "good"
    part = all_.apart_share
    return "warn" if isinstance(part, Masked) or (part is not None and part <= GRAVE) else "bad"
