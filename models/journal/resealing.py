"""Seals what an earlier release kept in clear in the journal, a few rows at a time, also while engines are at work.

What the audit lake recorded in clear stays: it can be hidden, never rewritten (`models/keys/README.md`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from models.domain.storable import json_text
from models.journal.feed import packed, unpacked
from models.journal.sealing import amount_of, sealed_record, text_of, value_of
from models.keys.keyring import PREFIX, Keyring

_ROWS = 200
"""Rows in one transaction: nobody who works waits for longer."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Held:
    """A table of the journal, its key, the columns that may tell a rate, and how a row's are sealed."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    shut: Callable[[Keyring, Row], dict[str, Any]]
    beside: tuple[str, ...] = ()


def resealed(engine: sa.Engine, keys: Keyring) -> dict[str, int]:
    """Seal every row that holds a classified value in clear; how many by table. What is sealed already is left alone.

    Safe to repeat, and to break off. Raises what `Keyring.seal` does.
    """
    found = {held.table: sum(_of(engine, keys, held)) for held in _HELD}
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what was overwritten leaves the log beside the file
        raw.close()
    return {table: count for table, count in found.items() if count}


def _of(engine: sa.Engine, keys: Keyring, held: _Held) -> Iterator[int]:
    after: tuple[Any, ...] | None = None
    while True:
        with engine.begin() as connection:
            if connection.dialect.name == "sqlite":  # nothing of what stood there stays in a page
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            rows: list[Row] = [row._asdict() for row in connection.execute(_page(held, after), _named(held, after))]
            yield sum(_shut(connection, keys, held, row) for row in rows)
        if len(rows) < _ROWS:
            return
        after = tuple(rows[-1][name] for name in held.key)


def _page(held: _Held, after: tuple[Any, ...] | None) -> sa.TextClause:
    key, names = ", ".join(held.key), ", ".join((*held.key, *held.columns, *held.beside))
    beyond = f"where ({key}) > ({', '.join(f':{name}' for name in held.key)})" if after else ""
    return sa.text(f"select {names} from {held.table} {beyond} order by {key} limit {_ROWS}")


def _named(held: _Held, after: tuple[Any, ...] | None) -> dict[str, Any]:
    return dict(zip(held.key, after or (), strict=False))


def _shut(connection: sa.Connection, keys: Keyring, held: _Held, row: Row) -> int:
    """Write what differs, unless somebody was quicker: then it is sealed already."""
    new = {name: value for name, value in held.shut(keys, row).items() if value != row[name]}
    if not new:
        return 0
    same = [f"{name} = :key_{name}" for name in held.key]
    same += [f"{name} = :was_{name}" for name in new]
    statement = f"update {held.table} set {', '.join(f'{name} = :{name}' for name in new)} where {' and '.join(same)}"
    values = {**new, **{f"key_{name}": row[name] for name in held.key}, **{f"was_{name}": row[name] for name in new}}
    return int(connection.execute(sa.text(statement), values).rowcount)


def _run(keys: Keyring, row: Row) -> dict[str, Any]:
    about, amount = row["business_key"], row["amount"]
    shut = {name: _again(keys, row[name], about) for name in ("payload", "acks", "correction", "intent")}
    if amount is None or amount.startswith(PREFIX):
        return shut
    return {**shut, "amount": amount_of(keys, amount, value_of(keys, row["payload"]), about)}


def _about_itself(keys: Keyring, row: Row) -> dict[str, Any]:
    """Of an event, which says in its body what it is about."""
    body = orjson.loads(row["body"]) if row["body"] else {}
    return {"body": _again(keys, row["body"], str(body.get("subject") or "") if isinstance(body, Mapping) else "")}


def _fact(keys: Keyring, row: Row) -> dict[str, Any]:
    body = _again(keys, row["body"], f"{row['entity']}:{row['canonical_id']}", orjson.OPT_SORT_KEYS)
    return {} if body == row["body"] else {"body": body, "digest": hashlib.sha256(str(body).encode()).hexdigest()}


def _page_of_feed(keys: Keyring, row: Row) -> dict[str, Any]:
    records = unpacked(row["records"])
    if PREFIX in json_text([(one.body, one.sealed_amount) for one in records]):
        return {}
    shut = [sealed_record(keys, record) for record in records]
    return {} if shut == records else {"records": packed(shut)}


def _told_apart(*columns: str) -> Callable[[Keyring, Row], dict[str, Any]]:
    """Of bodies of which what stands beside a value says whose it is."""
    return lambda keys, row: {name: _again(keys, row[name], "") for name in columns}


def _again(keys: Keyring, text: str | None, about: str, option: int = 0) -> str | None:
    """A body sealed where it was clear; the very text where there is nothing to seal, or all is sealed."""
    if text is None or PREFIX in text:
        return text
    shut = text_of(keys, orjson.loads(text), about, option)
    return shut if PREFIX in shut else text


_HELD = (
    _Held("event", ("source", "event_id"), ("body",), _about_itself),
    _Held("run", ("seq",), ("payload", "acks", "correction", "intent", "amount"), _run, ("business_key",)),
    _Held("inbox", ("position",), ("body",), _about_itself),
    _Held("registry", ("entity", "canonical_id"), ("body", "digest"), _fact),
    _Held("request", ("request_id",), ("body", "result"), _told_apart("body", "result")),
    _Held("approval", ("request_id",), ("content",), _told_apart("content")),
    _Held("case_event", ("event_id",), ("body",), _told_apart("body")),
    _Held("unsent", ("broker", "source", "event_id"), ("body",), _told_apart("body")),
    _Held("feed", ("position",), ("records",), _page_of_feed),
)
