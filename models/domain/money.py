"""Exact money: a decimal amount with its ISO 4217 currency (M4)."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

CENT = Decimal("0.01")

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Money(BaseModel):
    """An amount in major units of one currency; never a float, never without its currency.

    Raises pydantic's ValidationError for a float amount, since binary fractions lose cents.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Decimal
    currency: Currency

    @field_validator("amount", mode="before")
    @classmethod
    def exact(cls, value: object) -> object:
        if isinstance(value, float):
            raise ValueError("money is never a float: give the amount as text or Decimal")
        return value

    def __add__(self, other: Money) -> Money:
        return Money(amount=self.amount + self._same(other).amount, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(amount=self.amount - self._same(other).amount, currency=self.currency)

    def __neg__(self) -> Money:
        return Money(amount=-self.amount, currency=self.currency)

    def times(self, factor: Decimal) -> Money:
        """This money multiplied and rounded half-even to the cent."""
        return Money(amount=(self.amount * factor).quantize(CENT, ROUND_HALF_EVEN), currency=self.currency)

    def __str__(self) -> str:
        return f"{self.amount:,.2f} {self.currency}"

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}: convert first")
        return other
