"""Client companies and their hierarchy."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from models.canonical.value import Canonical, SystemRef
from models.domain.money import Currency


class Customer(Canonical):
    """A client company; `parent_*` makes the hierarchy, the top of which is the group."""

    entity: ClassVar[str] = "customer"
    customer_id: str | None = None
    ref: SystemRef
    number: str | None = None
    name: str
    parent_id: str | None = None
    parent_ref: SystemRef | None = None
    country: str | None = None
    tax_id: str | None = None
    tax_profile: str | None = None
    legal_entity_id: str | None = None
    currency: Currency | None = None
    active: bool = True
    changed_at: AwareDatetime | None = None
