"""Ids of cases that release 0.1.0 opened: their fingerprint had no legal entity, their ids stay as people know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from models.domain.fingerprint import id_of
from models.journal.cases.tables import case_

WHOLE, KEPT = "cause", "kept"
"""`identity` of a case that no report has divided by legal entity yet, and of one that went on under its old id."""


@dataclass(frozen=True, slots=True)
class Identities:
    """`whole` gives the case behind a cause's fingerprint, `kept` behind a case's; any other id follows from its
    text.
    """

    whole: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    def id_of(self, text: str) -> str:
        return self.kept.get(text) or id_of(text)


def identities_of(connection: sa.Connection) -> Identities:
    """Those that are in the journal: none where it began with this release."""
    found: dict[str, dict[str, str]] = {WHOLE: {}, KEPT: {}}
    query = sa.select(case_.c.identity, case_.c.fingerprint, case_.c.case_id).where(case_.c.identity.is_not(None))
    for identity, text, case_id in connection.execute(query):
        found[identity][text] = case_id
    return Identities(found[WHOLE], found[KEPT])
