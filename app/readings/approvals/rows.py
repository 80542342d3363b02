"""What somebody asked a second person, as a row that this viewer may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.readings.masking import MASKED, Amount
from app.readings.rights import amount_class
from app.readings.viewer import Things
from models.canonical.classification import MASK, DataClass
from models.canonical.field_classes import class_of


@dataclass(frozen=True, slots=True)
class Corrected:
    """One field that a replay would correct: what its runs say now (the first few), and what they would."""

    path: str
    now: tuple[Any, ...]
    then: Any

    @property
    def classes(self) -> frozenset[DataClass]:
        """The classes that it shows clear, if it does."""
        return frozenset() if self.then == MASK else frozenset({class_of(self.path)})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that takes two. `kind` is replay, write_off or write_off_reversal, `state` the request's; `what` says
    what it is about, `money` what it is worth by currency; `hash` is of exactly its content. `mine`: the viewer asked
    for it; `why_not`: why the viewer cannot decide it, if so; `domains`: that of each thing that it is about.
    """

    request_id: str
    kind: str
    state: str
    what: str
    money: Mapping[str, Amount]
    because: tuple[str, ...]
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    words: str | None
    hash: str
    plan_hash: str | None
    case_id: str | None
    about: Mapping[str, Any]
    corrected: tuple[Corrected, ...]
    mine: bool
    why_not: str | None
    standing: bool
    domains: Things

    @property
    def classes(self) -> frozenset[DataClass]:
        """The classes that it shows clear beside those of its fields; a replay's money is a sum over several things."""
        if self.kind == "replay" or MASKED in self.money.values():
            return frozenset()
        return frozenset({amount_class(self.about.get("entity"))})
