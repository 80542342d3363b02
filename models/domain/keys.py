"""Canonical ids, posting ids and business keys: minted by rule, so that every process mints the same ones (M2, E1).

An id follows from what the source says alone; no counter, no store, no chance. A posting id counts the versions of one
entry that reached the ERP, so a repeated write meets its own earlier attempt instead of making a second one.
"""

from __future__ import annotations

import re
from uuid import UUID, uuid5

_NAMESPACE = UUID("5b2f8a3e-7f0c-5d2b-9a64-3f1f6f2c9d10")
_PLAIN = re.compile(r"[A-Z0-9]+([._-][A-Z0-9]+)*")


def business_key(entity: str, identity: str) -> str:
    """The text that names one business fact, `project:PRJ-1001`: an event's subject, or what a run waits for."""
    return f"{entity}:{identity}"


def ref_key(entity: str, system: str, identity: str) -> str:
    """The business key of an object known only by a system's own id: `customer:salesforce:001A`."""
    return business_key(entity, f"{system}:{identity}")


def customer_id(number: str | None, system: str, source_id: str) -> str:
    """`C-` and the whole customer number in capitals: `C-DE-1001`, which is not `C-UK-1001`.

    A number with other characters than A-Z, 0-9, dot, hyphen and underscore gets eight hex digits of its own. What has
    no digit (`n/a`) is no number: then they follow from the source's id.
    """
    plain = (number or "").strip().upper()
    if not any(character.isdecimal() for character in plain):
        return f"C-{_short(ref_key('customer', system, source_id))}"
    return f"C-{plain if _PLAIN.fullmatch(plain) else _short(plain)}"


def contract_id(project_code: str) -> str:
    """The contract of a project: `CT-PRJ-1001`."""
    return f"CT-{project_code}"


def resource_id(number: str) -> str:
    """A person's enterprise-wide id is the worker number, in the system that gave it first."""
    return number


def apart(identity: str, system: str) -> str:
    """The id of whom `system` numbers like somebody else whom another system knows: `1001.workday-uk`."""
    return f"{identity}.{system}"


def project_id(code: str) -> str:
    """A project's enterprise-wide id is the project code people type."""
    return code


def time_entry_id(system: str, source_id: str) -> str:
    """`TE-kantata-27`: one id per entry and source system, whatever its version."""
    return f"TE-{system}-{source_id}"


def expense_id(system: str, source_id: str) -> str:
    """`EX-kantata-9`: one id per expense and source system, whatever its version."""
    return f"EX-{system}-{source_id}"


def invoice_id(system: str, source_id: str) -> str:
    """`IN-netsuite-2000017`: one id per invoice by its ERP's own id, for a number may be given twice or anew."""
    return f"IN-{system}-{source_id}"


def posting_id(item_id: str, number: int) -> str:
    """The ERP's external id of the `number`-th posting (from 1) of a time entry or expense: `TE-kantata-27-v1`."""
    if number < 1:
        raise ValueError(f"postings of {item_id} count from 1, not {number}")
    return f"{item_id}-v{number}"


def reversal_id(posting: str) -> str:
    """The ERP's external id of the posting that undoes `posting`: `TE-kantata-27-v1-R`."""
    return f"{posting}-R"


def _short(text: str) -> str:
    return uuid5(_NAMESPACE, text.encode(errors="backslashreplace").decode()).hex[:8]
