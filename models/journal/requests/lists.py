"""The lists of what takes two people, and whose they are: limited to legal entities before they are cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from models.journal.cases.tables import request
from models.journal.requests.tables import approval
from models.journal.tables import write_off

Clause = sa.ColumnElement[bool]
STANDS = (
    sa.select(write_off.c.write_off_id)
    .where(
        write_off.c.request_id == request.c.request_id,
        write_off.c.approved_at.is_not(None),
        write_off.c.reversed_at.is_(None),
    )
    .correlate(request)
)
LISTS: dict[str, tuple[Clause, tuple[Any, ...]]] = {
    "waiting": (approval.c.decision.is_(None), (approval.c.asked_at, approval.c.request_id)),
    "decided": (approval.c.decision.is_not(None), (approval.c.decided_at.desc(), approval.c.request_id)),
    "standing": (sa.exists(STANDS), (approval.c.decided_at.desc(), approval.c.request_id)),
}
"""What waits, the oldest first; what was decided, and which write-offs stand, the newest first."""


def within(entities: Sequence[str], dialect: str) -> Clause:
    """Of nothing but these legal entities; of all where none is given. What names none is nobody's who is limited."""
    if not entities:
        return sa.true()
    own = [one for one in entities if one]
    firms, firm = _named(dialect)
    others = sa.select(sa.literal(1)).select_from(firms).where(firms.c.value.not_in(own)).correlate(approval)
    replay = request.c.kind == "replay"
    return sa.or_(sa.and_(replay, ~sa.exists(others)), sa.and_(~replay, firm.in_(own)))


def _named(dialect: str) -> tuple[Any, sa.ColumnElement[Any]]:
    """The legal entities of a plan, a row each, and the one of a write-off."""
    if dialect == "postgresql":
        body = sa.cast(approval.c.content, JSONB)
        return sa.func.jsonb_array_elements_text(body["legal_entities"]).table_valued("value"), body[
            "legal_entity"
        ].astext
    content = sa.type_coerce(approval.c.content, sa.Text)
    firms = sa.func.json_each(content, "$.legal_entities").table_valued("value")
    return firms, sa.func.json_extract(content, "$.legal_entity")
