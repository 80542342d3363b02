"""When two records name the same customer, project or person (M2): normalised identity keys and one verdict.

Keys are what the journal's registry is searched by; the verdict weighs what the keys found. A tax id decides; a name
with its country only raises a suspicion, since groups and franchises share names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

LEGAL_FORMS = frozenset(
    {
        "ag",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "gmbh",
        "inc",
        "incorporated",
        "kg",
        "limited",
        "llc",
        "llp",
        "ltd",
        "mbh",
        "nv",
        "oy",
        "plc",
        "sa",
        "sarl",
        "sas",
        "se",
        "spa",
        "srl",
        "ug",
    }
)
_WORD = re.compile(r"[a-z0-9]+")


class Verdict(StrEnum):
    """What a comparison of two customers says."""

    SAME = "same"
    SUSPECTED = "suspected"
    DIFFERENT = "different"


def normalised_name(name: str) -> str:
    """Lower case, no accents, no punctuation, no legal form: `Müller & Söhne G.m.b.H.` and `MULLER SOHNE` agree."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss").replace(".", ""))
    words = _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))
    kept = [word for word in words if word not in LEGAL_FORMS and word != "und" and word != "and"]
    return " ".join(kept or words)


def normalised_tax_id(tax_id: str | None) -> str | None:
    """Letters and digits in upper case: `DE 123.456-789` and `de123456789` agree; None for nothing."""
    plain = "".join(letter for letter in (tax_id or "") if letter.isalnum()).upper()
    return plain or None


def customer_keys(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Identity keys of a customer's JSON body: by tax id where there is one, and by name and country."""
    tax = normalised_tax_id(body.get("tax_id"))
    name = f"name:{normalised_name(body['name'])}|{body.get('country') or '??'}"
    return (f"tax:{tax}", name) if tax else (name,)


def project_keys(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Identity keys of a project's JSON body: its code, whatever the spelling."""
    return (f"code:{normalised_code(body['code'])}",)


def normalised_code(code: str) -> str:
    """Capitals, and one hyphen for what parts them: `prj 1001` and `PRJ-1001` agree, `PRJ-1-1` and `PRJ-11` do not."""
    parts = "".join(letter if letter.isalnum() else " " for letter in code.upper()).split()
    return "-".join(parts) or code


def same_customer(one: Mapping[str, Any], other: Mapping[str, Any]) -> Verdict:
    """Whether two customers' JSON bodies name one company.

    Equal tax ids: same. Two different tax ids: different. Else equal name and country: suspected.
    """
    mine, theirs = normalised_tax_id(one.get("tax_id")), normalised_tax_id(other.get("tax_id"))
    if mine and theirs:
        return Verdict.SAME if mine == theirs else Verdict.DIFFERENT
    alike = customer_keys(one)[-1] == customer_keys(other)[-1]
    return Verdict.SUSPECTED if alike else Verdict.DIFFERENT


def same_person(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two people's JSON bodies, of two systems that each count for themselves, name one person.

    An equal e-mail address says so, or an equal name hired on one day; the worker number says nothing.
    """
    if one.get("email") and other.get("email"):
        return str(one["email"]).casefold() == str(other["email"]).casefold()
    hired = one.get("hired_on") and one["hired_on"] == other.get("hired_on")
    return bool(hired) and normalised_name(one["name"]) == normalised_name(other["name"])
