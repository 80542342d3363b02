"""The firm itself: its companies, and the dimensions every posting carries."""

from __future__ import annotations

from typing import ClassVar

from models.canonical.value import Canonical
from models.domain.money import Currency


class LegalEntity(Canonical):
    """A company of the firm: the unit that books, taxes and pays."""

    entity: ClassVar[str] = "legal_entity"
    legal_entity_id: str
    name: str
    country: str
    currency: Currency
    tax_jurisdiction: str
    labour_rules: str = "standard"
    residency_region: str = "eu"


class Dimensions(Canonical):
    """Financial dimensions that every posting carries; None means not known yet, which pauses set-up."""

    entity: ClassVar[str] = "dimensions"
    legal_entity_id: str | None = None
    cost_centre: str | None = None
    service_line: str | None = None
    practice: str | None = None
    region: str | None = None
