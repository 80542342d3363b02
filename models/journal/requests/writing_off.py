"""Ask to write a record off, or to take a write-off back; both take two people (X12)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from models.domain.approval import worded
from models.journal.requests.approving import Approving, Wanted
from models.journal.requests.written_off import REVERSAL, WRITE_OFF, standing
from models.journal.tables import write_off
from models.journal.writing import writing

RECORD = ("flow", "entity", "item_key", "currency", "legal_entity", "period", "project_key", "source", "target")
ALWAYS = ("what is written off is gone from what the firm will be paid",)


class WritingOff(Approving):
    """Who asks names a record as the tie-out has it; what it says is what is approved."""

    def write_off(
        self, record: Mapping[str, Any], amount: Decimal, actor: str, reason: str, subject: str | None = None
    ) -> str:
        """Ask to write off what a source has and its target never got; the request's id.

        `record` is a row of the tie-out: its names of `RECORD`, `source_amount`, `target_key` and `case_id`.
        Raises ValueError for another amount than the whole of the record's, where the target holds it, where it is
        written off or asked for already, and without a reason.
        """
        why = worded(reason, "say why it is written off: the auditor will ask")
        whole = _whole(record, amount)
        content = {name: record.get(name) for name in RECORD} | {"kind": WRITE_OFF, "amount": str(whole)}
        with writing(self._engine) as connection:
            if standing(connection, content):
                raise ValueError(f"{record['item_key']} is written off already: ask for the end of that write-off")
            wanted = Wanted(WRITE_OFF, content, content, ALWAYS, why, _thing(content), record.get("case_id"))
            return self._wait(connection, wanted, actor, subject)

    def take_back(self, write_off_id: str, actor: str, reason: str, subject: str | None = None) -> str:
        """Ask to end a write-off that stands; the request's id. Raises ValueError where none of this id stands."""
        why = worded(reason, "say why the write-off ends: the auditor will ask")
        with writing(self._engine) as connection:
            row = connection.execute(sa.select(write_off).where(write_off.c.write_off_id == write_off_id)).mappings()
            found = row.first()
            if found is None or found["reversed_at"] is not None:
                raise ValueError(f"there is no write-off {write_off_id} that stands: see `tieout requests --standing`")
            kept = ("write_off_id", "flow", "entity", "item_key", "amount", "currency", "asked_by", "approved_by")
            was = {name: found[name] for name in kept}
            content = {**self._record_of(connection, found["request_id"]), **was, "kind": REVERSAL}
            because = ("what was written off comes back into the books",)
            wanted = Wanted(REVERSAL, content, content, because, why, _thing(content))
            return self._wait(connection, wanted, actor, subject)


def _whole(record: Mapping[str, Any], amount: Decimal) -> Decimal:
    """The amount, if it is the whole difference of the record and in its currency."""
    if record.get("target_key") is not None:
        raise ValueError(
            f"{record['target']} holds {record['item_key']}: only what never arrived is written off; "
            "mend the amount in the system that is wrong"
        )
    if record.get("source_amount") is None or not record.get("currency"):
        raise ValueError(f"{record['item_key']} has no amount in a currency: there is nothing to write off")
    try:
        difference, given = Decimal(str(record["source_amount"])), Decimal(str(amount))
    except InvalidOperation:
        raise ValueError(f"{amount!r} is no amount: give it as 800.00") from None
    if not difference:
        raise ValueError(f"{record['item_key']} is worth nothing: there is nothing to write off")
    if given != difference:
        size = "larger than" if abs(given) > abs(difference) or given * difference < 0 else "a part of"
        raise ValueError(
            f"{given} {record['currency']} is {size} the difference of {difference} {record['currency']}: "
            "a record is written off whole or not at all"
        )
    return difference


def _thing(content: Mapping[str, Any]) -> str:
    return json.dumps([content["flow"], content["entity"], content["item_key"]])
