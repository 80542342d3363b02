"""The inbox: what a receiver was sent from outside, on its way to admission by the engine (E11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.secrets import without_secrets_in
from models.domain.storable import json_text, storable
from models.journal.metadata import micros
from models.journal.sealing import keys_of, text_of
from models.journal.shared_commit import SharedCommit
from models.journal.statements import insert_many, statements
from models.keys.keyring import Keyring

INBOX = "inbox"
"""Stream name of a dead letter that came by the inbox; its system is the item's source."""
SQL = Path(__file__).with_name("inbox.sql")

Refusal = tuple[str, str, str | None]
"""Why a body cannot be read: a stable code, a sentence, the place in it."""
_ODD = ("not-json", "the body holds half a character, a number beyond 64 bits or too deep a nesting", None)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a receiver was sent.

    `source` names the receiver, `item_id` is the sender's id of the delivery: sent twice, it is kept once. `body` is a
    CloudEvent as JSON (`models.canonical.events`); what is none goes to the dead letters, with the receiver's
    `refusal` where it has one to give. `again`: its id says no more than what it holds, so it is known only while it
    waits, and may come again. `received_at` is UTC, `traceparent` the W3C trace context of the delivery.
    """

    source: str
    item_id: str
    received_at: datetime
    body: Mapping[str, Any]
    traceparent: str | None = None
    refusal: Refusal | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Appended:
    """How many items were new, and how many were here before."""

    new: int
    known: int


class Inbox:
    """What a receiver may do with the journal. Items are admitted in the order in which they were appended."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._sql = statements(SQL, engine.dialect.name)
        self._commits = SharedCommit(self._kept)

    def append(self, items: Sequence[Item]) -> Appended:
        """Keep these items; once this returns, they are on disk and may be acknowledged. Safe to repeat.

        Half a character in a body becomes U+FFFD, a number beyond 64 bits text, and the item a refusal: no database
        could keep it as it came. Items of several threads share a commit.
        """
        return self._commits.ask(items)

    def _kept(self, asked: Sequence[Sequence[Item]]) -> list[Appended]:
        with self._engine.begin() as connection:
            return [self._inserted(connection, items) for items in asked]

    def _inserted(self, connection: sa.Connection, items: Sequence[Item]) -> Appended:
        keys = keys_of(connection)
        once = [_row(item, keys) for item in items if not item.again]
        again = list({(item.source, item.item_id): _row(item, keys) for item in items if item.again}.values())
        new = insert_many(connection, self._sql["append"], once)
        new += insert_many(connection, self._sql["append_again"], again)
        return Appended(new, len(items) - new)


def _row(item: Item, keys: Keyring | None) -> dict[str, Any]:
    try:
        body, refusal = without_secrets_in(orjson.dumps(item.body, default=str).decode()), item.refusal
    except TypeError:
        body, refusal = without_secrets_in(json_text(item.body)), item.refusal or _ODD
    return {
        "source": storable(item.source),
        "item_id": storable(item.item_id),
        "received_at": micros(item.received_at),
        "traceparent": item.traceparent,
        "body": body if keys is None else text_of(keys, orjson.loads(body), _about(item)),
        "refusal": None if refusal is None else json_text(refusal),
    }


def _about(item: Item) -> str:
    return str(item.body.get("subject") or "") if isinstance(item.body, Mapping) else ""


def waiting_count(connection: sa.Connection) -> int:
    """How many items wait for admission."""
    return int(connection.execute(statements(SQL, connection.dialect.name)["waiting_count"]).scalar_one())
