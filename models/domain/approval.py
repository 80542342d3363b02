"""A second person: from when on somebody else must agree, to exactly which content, and who counts as somebody else."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson

from models.domain.errors import TieoutError

PROVEN = "oidc:"
"""Begins the subject of somebody whom an identity provider vouches for; what follows is its own word, as it is."""


class NotApproved(TieoutError):
    """What a second person must agree to was not agreed to, or not as it stands now; the sentence says what to do."""

    code = "not-approved"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on a replay waits for a second person; a write-off always does.

    `amount` is money of the plan's runs in `currency`, the reporting currency; `days` how old the day is that a run's
    record is about; `classes` are data classes of fields that a correction may not change alone. A request that nobody
    decided within `open_for` expires.
    """

    currency: str = "EUR"
    amount: Decimal = Decimal(250_000)
    days: int = 92
    classes: frozenset[str] = frozenset({"labour_rate", "compensation", "contract_value", "moves_money"})
    open_for: timedelta = timedelta(days=14)


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of canonical JSON: keys sorted, no blanks, UTF-8; amounts and days as text; 64 hex digits."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


def subject_of(actor: str, subject: str | None = None) -> str:
    """Who a person is, by which maker and checker are compared: what an identity provider vouches for as it is, any
    other name without case, blanks and the road (`cli:`) by which it came.
    """
    if subject and subject.startswith(PROVEN):
        return subject
    name = unicodedata.normalize("NFKC", subject or actor).casefold()
    return " ".join(name.removeprefix("cli:").split())


def worded(text: str | None, otherwise: str) -> str:
    """A reason without the blanks around it. Raises ValueError with `otherwise` where there is none."""
    if not text or not text.strip():
        raise ValueError(otherwise)
    return text.strip()
