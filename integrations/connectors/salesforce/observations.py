"""What a snapshot of Salesforce shows, in canonical words; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connectors.rows import Row
from integrations.connectors.salesforce.mapping import customer_of, opportunity_of
from integrations.contracts.connector import Observation
from models.domain.keys import customer_id

MANDATORY = ("contract_type", "tax_profile", "legal_entity_id", "service_line", "cost_centre")


def customer_key(system: str, raw: Mapping[str, Any]) -> str:
    """The key that joins systems: the canonical id that follows from the account number, else from the vendor's id."""
    return customer_id(str(raw.get("AccountNumber") or ""), system, str(raw.get("Id")))


def customer_observation(raw: Mapping[str, Any], keys: Mapping[str, str]) -> Observation:
    """`keys` are the customer keys of all accounts by Salesforce id, for the hierarchy."""
    found = customer_of("", Row(raw))
    fields = {
        "name": found.name,
        "number": found.number,
        "parent_key": keys.get(found.parent_ref.id) if found.parent_ref else None,
        "country": found.country,
        "tax_id": found.tax_id,
        "active": found.active,
    }
    refs = {"key": ("customer", found.ref.id)}
    if found.parent_ref:
        refs["parent_key"] = ("customer", found.parent_ref.id)
    return Observation("customer", found.ref.id, keys[found.ref.id], fields, found.legal_entity_id, refs)


def project_observation(raw: Mapping[str, Any], keys: Mapping[str, str]) -> Observation:
    """A won opportunity as the project that the CRM knows."""
    row = Row(raw)
    sold = opportunity_of("", row, ())
    dims = sold.dimensions.model_dump(mode="json")
    rule = next(iter(sold.billing_rules), None)
    held = {**dims, "contract_type": sold.contract_type, "tax_profile": sold.tax_profile}
    fields = {
        "code": sold.project_code,
        "name": sold.name,
        "status": "active",
        "customer_key": keys.get(sold.customer_ref.id, sold.customer_ref.id),
        "currency": sold.value.currency,
        **dims,
        "contract_type": sold.contract_type.value if sold.contract_type else None,
        "value": sold.value.model_dump(mode="json"),
        "cap": rule.cap.model_dump(mode="json") if rule and rule.cap else None,
        "purchase_order": rule.purchase_order if rule else None,
        "target_margin": None if sold.target_margin is None else str(sold.target_margin),
        "closed_at": sold.closed_at.isoformat(),
        "approved": sold.approved,
        "starts_on": _iso(sold.starts_on),
        "ends_on": _iso(sold.ends_on),
        "missing": [name for name in MANDATORY if not held[name]],
    }
    refs = {"customer_key": ("customer", sold.customer_ref.id)}
    return Observation("project", sold.ref.id, sold.project_code, fields, sold.dimensions.legal_entity_id, refs)


def _iso(value: Any) -> str | None:
    return value.isoformat() if value else None
