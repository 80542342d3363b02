"""Which data class a field of a payload is of, by its name: in our words and in the vendors' (G2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from models.canonical.classification import OPEN, DataClass, field_class, sensitive_names
from models.canonical.schemas import Canonical

PEOPLE = frozenset({"resource", "worker", "employee", "user", "person", "manager", "approver"})
CONTEXT = {
    "name": PEOPLE,
    "amount": frozenset(
        {
            "milestone",
            "milestones",
            "contract",
            "lines",
            "billing_event",
            "opportunity",
            "salesorder",
            "item",
            "invoice",
        }
    ),
}
"""Where a name that is harmless elsewhere is sensitive."""
VENDOR_WORDS: tuple[tuple[re.Pattern[str], DataClass], ...] = (
    (
        re.compile(
            r"(?:^|_)pay(?:$|_(?!through))|base_?pay|salary|compensation|wage|bonus|stipend|commission|allowance"
            r"|merit_",
            re.I,
        ),
        DataClass.COMPENSATION,
    ),
    (
        re.compile(
            r"(?<!exchange)(?<!exchange_)rate(?!d|s_of)|unit_?price|list_?price|price_in_cents|labou?r_?cost|cost_?per",
            re.I,
        ),
        DataClass.LABOUR_RATE,
    ),
    (
        re.compile(r"^Amount$"),
        DataClass.CONTRACT_VALUE,
    ),  # Salesforce's, of an opportunity; the amounts of others begin with a small letter
    (
        re.compile(
            r"contract_?value|billing_?cap|^cap$|custbody_cap|expected_?revenue|total_?price|target_?margin|budget"
            r"|^value$|^cost$|^(?:sub)?total$",
            re.I,
        ),
        DataClass.CONTRACT_VALUE,
    ),
    (
        re.compile(r"e_?mail|full_?name|first_?name|last_?name|legal_?name|phone|notes?$|memo|birth", re.I),
        DataClass.PERSONAL,
    ),
)
"""A vendor names the same thing its own way; when in doubt a field is hidden rather than shown."""


@cache
def canonical_names() -> Mapping[str, DataClass]:
    """Field names of the canonical model that are sensitive, with their class."""
    return sensitive_names(list(_schemas(Canonical)))


@cache
def shared_names() -> frozenset[str]:
    """Sensitive names that another schema uses for something harmless, such as the name of a project: there the path
    decides.
    """
    plain = {
        field for schema in _schemas(Canonical) for field in schema.model_fields if field_class(schema, field) in OPEN
    }
    return frozenset(plain & set(canonical_names()) - {"value"})


def _schemas(root: type[Canonical]) -> Iterator[type[Canonical]]:
    for schema in root.__subclasses__():
        yield schema
        yield from _schemas(schema)


@lru_cache(8192)
def class_of(name: str) -> DataClass:
    """The data class of a field by its last name, canonical or a vendor's."""
    last = name.rpartition(".")[2].strip("[]0123456789") or name
    if last in shared_names():
        return canonical_names()[last] if CONTEXT.get(last, PEOPLE) & set(name.split(".")[:-1]) else DataClass.INTERNAL
    if last in canonical_names():
        return canonical_names()[last]
    return next((kind for pattern, kind in VENDOR_WORDS if pattern.search(last)), DataClass.INTERNAL)


_AMOUNTS = {
    "time": DataClass.LABOUR_RATE,
    "time_entry": DataClass.LABOUR_RATE,
    "resource": DataClass.LABOUR_RATE,
    "expense": DataClass.INTERNAL,
}


def amount_class(entity: str | None) -> DataClass:
    """The class of the amount of one thing of this entity; what is not known counts as a contract value."""
    return _AMOUNTS.get(entity or "", DataClass.CONTRACT_VALUE)
