"""What projects add up to: ratios are sums over sums, never averages of ratios."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.readings.margin.rows import Project
from app.readings.masking import Amount, Masked
from models.domain.rounding import rounding

ZERO = Decimal(0)
EROSION = Decimal("0.02")
"""Margin this many points (as a share) below target is called erosion."""


@dataclass(frozen=True, slots=True)
class Margin:
    """Sums of some projects, in the reporting currency; what derives from masked amounts is masked. `target_margin` is
    the margin as sold on the `target_revenue` of projects that have a target, `beyond` the part of `disagreement` on
    projects where it is more than rounding.
    """

    revenue: Decimal
    cost: Amount
    margin: Amount
    disagreement: Decimal
    beyond: Decimal
    target_margin: Decimal
    target_revenue: Decimal

    @property
    def share(self) -> Amount | None:
        """Margin ÷ revenue."""
        return self.margin / self.revenue if self.revenue else None

    @property
    def target(self) -> Decimal | None:
        """The share as sold, weighted by revenue."""
        return self.target_margin / self.target_revenue if self.target_revenue else None

    @property
    def gap(self) -> Amount | None:
        """Margin share − target share."""
        return self.share - self.target if self.share is not None and self.target is not None else None

    @property
    def eroded(self) -> Amount:
        """Money by which the margin falls short of target; zero when it does not."""
        short = -(self.gap if self.gap is not None else ZERO) * self.revenue
        return short if isinstance(short, Masked) else max(short, ZERO)

    @property
    def apart_share(self) -> Amount | None:
        """What PSA and ERP differ by beyond rounding ÷ gross margin."""
        whole = self.margin if isinstance(self.margin, Masked) else abs(self.margin)
        return self.beyond / whole if whole else None


def summed(projects: Iterable[Project]) -> Margin:
    """The sums of some projects."""
    listed = list(projects)
    aimed = [row for row in listed if row.target_margin is not None]
    return Margin(
        revenue=sum((row.revenue for row in listed), ZERO),
        cost=_total(row.cost for row in listed),
        margin=_total(row.margin for row in listed),
        disagreement=sum((row.disagreement for row in listed), ZERO),
        beyond=sum((row.disagreement for row in listed if apart(row)), ZERO),
        target_margin=sum((row.revenue * share_of(row.target_margin) for row in aimed), ZERO),
        target_revenue=sum((row.revenue for row in aimed), ZERO),
    )


def _total(amounts: Iterable[Amount]) -> Amount:
    total: Amount = ZERO
    for amount in amounts:
        total = total + amount
    return total


def apart(row: Project) -> bool:
    """Whether PSA and ERP differ on a project by more than rounding."""
    return row.disagreement > rounding(row.entries)


def share_of(target: Decimal | None) -> Decimal:
    """A stored target as a share of one, also where it was given in per cent."""
    stored = target or ZERO
    return stored / 100 if abs(stored) > 1 else stored


def eroding(projects: Iterable[Project]) -> list[tuple[Margin, Project]]:
    """Projects that fall short of what was sold, the most money first; none where margins are masked."""
    found: list[tuple[Decimal, Margin, Project]] = []
    for row in projects:
        sums = summed([row])
        gap, eroded = sums.gap, sums.eroded
        if isinstance(gap, Decimal) and isinstance(eroded, Decimal) and gap < -EROSION:
            found.append((eroded, sums, row))
    return [(sums, row) for _, sums, row in sorted(found, key=lambda one: -one[0])]
