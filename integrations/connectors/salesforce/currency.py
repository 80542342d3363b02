"""The currency of an org: with multi-currency each record says its own; without it no object has such a field, and all
money is in the org's own currency, which the option `currency` names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.contracts.connector import SystemConfig
from models.domain.errors import Misconfigured, Unmappable

FIELD = "CurrencyIsoCode"
_COLUMN = re.compile(rf"\b{FIELD}, |, {FIELD}\b")


class OrgCurrency:
    """Learns from the vendor's refusal that the org has one currency. Thread-safe: it learns one thing, once."""

    def __init__(self, config: SystemConfig) -> None:
        given = config.options.get("currency")
        self._system, self._own = config.name, str(given) if given else None
        self.single = False

    def learn(self, error: Unmappable) -> None:
        """Note that the field is not there; raises the error again where it is about anything else, or known."""
        if self.single or error.path != FIELD:
            raise error
        self.single = True

    def asked(self, soql: str) -> str:
        return _COLUMN.sub("", soql, count=1) if self.single else soql

    def sent(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in record.items() if name != FIELD} if self.single else record

    def row(self, row: Mapping[str, Any], soql: str) -> Mapping[str, Any]:
        """A row with the org's currency where the statement asked for one that no record has."""
        return {**row, FIELD: self._own} if self.single and FIELD in soql else row

    def check(self) -> None:
        """Raises Misconfigured where nobody says what the org's money is in."""
        if self.single and not self._own:
            raise Misconfigured(
                f"{self._system} has a single currency, so that its records name none: "
                "give it as option currency in the systems file"
            )
