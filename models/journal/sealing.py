"""The journal's seam: what tells a rate, pay or a contract value is sealed on its way in and clear on its way out.

Whoever holds a port works with clear values and needs to know nothing of it; the file, its copies, its SQL and the feed
that goes into the audit lake hold sealed ones. A journal that was opened without keys keeps values as they come, and
one with keys reads what an earlier release kept in clear as it is.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any

import orjson
import sqlalchemy as sa

from models.domain.record import Record, RecordKind
from models.domain.storable import json_text
from models.journal.metadata import Json
from models.keys.keyring import PREFIX, Keyring
from models.keys.sealing import opened, opened_text, sealed, sealed_amount

SUMS = frozenset({RecordKind.TOTALS, RecordKind.FIGURES, RecordKind.CATALOGUE})
"""Records of sums over many, and of the installation: they tell nobody's rate."""


def give_keys(engine: sa.Engine, keys: Keyring | None) -> sa.Engine:
    """The engine, whose connections seal and open with these keys. Its dialect is its own, and all that a column's type
    sees of it.
    """
    engine.dialect.keys = keys  # type: ignore[attr-defined]
    return engine


def keys_of(opened_by: sa.Connection | sa.Engine) -> Keyring | None:
    """The keys of a connection or of its engine; None where it was opened without."""
    return _keys(opened_by.dialect)


def text_of(keys: Keyring | None, value: Any, business_key: str, option: int = 0) -> str:
    """A body as the journal keeps it: JSON, classified values sealed. `business_key` says what it is about."""
    if keys is None:
        return json_text(value, option)
    entity, _, own = business_key.partition(":")
    return json_text(sealed(keys, value, entity, own), option)


def value_of(keys: Keyring | None, text: str | bytes) -> Any:
    """A body again as it was."""
    content = text if isinstance(text, str) else text.decode()
    return orjson.loads(content if keys is None else opened_text(keys, content))


def amount_of(keys: Keyring | None, amount: str | None, payload: Any, business_key: str) -> str | None:
    """An amount as the journal keeps it: of one person's hours it tells the rate, of a contract its value."""
    if keys is None or amount is None:
        return amount
    entity, _, own = business_key.partition(":")
    return sealed_amount(keys, amount, payload, entity, own)


def sealed_record(keys: Keyring, record: Record) -> Record:
    """A record as it may lie in the feed and in the audit lake for ever."""
    if record.kind in SUMS:
        return record
    name = record.business_key or ""
    own = name.partition(":")[2] or name
    body = sealed(keys, record.body, record.entity, own)
    if record.amount is not None and record.kind is not RecordKind.FINDING:  # a case's amount is a sum over many
        shut = sealed_amount(keys, str(record.amount), record.body, record.entity, own)
        if shut.startswith(PREFIX):
            return _with(record, body=body, amount=None, sealed_amount=shut)
    return record if body is record.body else _with(record, body=body)


def opened_event(keys: Keyring | None, record: Record) -> Record:
    """A record of an event with what the event said; any other as it is."""
    if keys is None or record.kind is not RecordKind.SOURCE_EVENT:
        return record
    body = opened(keys, record.body)
    return record if body is record.body else _with(record, body=body)


def _with(record: Record, **values: Any) -> Record:
    """As `dataclasses.replace` makes one, in a third of the time: each record of each run comes by here."""
    return Record(*[values.get(name, held) for name, held in zip(_FIELDS, _values(record), strict=True)])


_FIELDS = tuple(field.name for field in fields(Record))
_values = attrgetter(*_FIELDS)


class SealedJson(Json):
    """JSON of which nobody says what it is about: what it names beside its values does."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        keys = _keys(dialect)
        return super().process_bind_param(value if keys is None else sealed(keys, value, None, None), dialect)

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        return None if value is None else value_of(_keys(dialect), value)


def _keys(dialect: Any) -> Keyring | None:
    found: Keyring | None = getattr(dialect, "keys", None)
    return found
