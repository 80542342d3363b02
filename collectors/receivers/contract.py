"""The contract of a receiver: a module of this package with `RECEIVER`, which the collector finds by itself.

A receiver takes what comes from outside and hands it on: telemetry and observations to `host.pipeline`, events to
`host.inbox`, from where the engine admits them. It acknowledges only what has been handed on, for both are durable by
then. It decides nothing, and nothing imports it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import orjson

from collectors.pipeline.answer import Answer
from collectors.pipeline.body import plain_body
from collectors.pipeline.commits import Commits
from collectors.pipeline.hooks import Hooks
from collectors.pipeline.provenance import Provenance
from collectors.pipeline.refusal import Malformed, TooLarge
from collectors.pipeline.request import Request
from collectors.pipeline.spool.frame import Kind
from collectors.receivers.reply import Reply
from models.domain.clock import Clock
from models.journal.inbox import Appended, Item
from models.settings import Settings


class Telemetry(Protocol):
    """Where telemetry and observations go."""

    async def take(self, request: Request) -> Answer: ...


class Inbox(Protocol):
    """Where events from outside go. Raises Retriable while the journal cannot be opened."""

    def append(self, items: Sequence[Item]) -> Appended: ...


class Work(Protocol):
    """What a receiver does on a thread of its own; `fault` says what hinders it at the moment, `parts` the same of each
    part that has a pulse, a turn that does not end among it.
    """

    @property
    def fault(self) -> str | None: ...
    def parts(self) -> Mapping[str, str | None]: ...
    def start(self) -> None: ...
    def stop(self, seconds: float) -> None: ...


@runtime_checkable
class Counted(Protocol):
    """Work that counts what came of it: by broker for people, and as values of a measure."""

    def shown(self) -> Mapping[str, Any]: ...
    def counts(self) -> list[tuple[dict[str, str], float]]: ...


@dataclass(frozen=True, slots=True)
class Host:
    """The collector as a receiver sees it. `clock` is wall time; `identity` tells this collector from others;
    `provenance` says whose observations are taken, `key` is by which our own processes sign, `hooks` are the webhooks
    that the catalogue's systems send.
    """

    settings: Settings
    clock: Clock
    identity: str
    pipeline: Telemetry
    commits: Commits
    inbox: Inbox
    provenance: Provenance
    key: bytes
    hooks: Hooks = field(default_factory=Hooks)


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP request to a receiver's path; header names are lower case, `received_us` is wall time in µs since 1970.

    `size` is how many bytes came where `body` is only the beginning of a body larger than `limit` bytes, else 0.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes
    sender: str
    received_us: int
    limit: int
    size: int = 0

    @property
    def media(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def content(self) -> bytes:
        """The body, inflated. Raises TooLarge, UnknownEncoding or Malformed; each becomes a reply."""
        if self.size:
            raise TooLarge(f"the body is larger than {self.limit >> 20} MiB")
        return plain_body(self.body, self.headers.get("content-encoding", "").strip().lower(), self.limit)

    def json(self) -> Any:
        """The body as JSON. Raises like `content`."""
        try:
            return orjson.loads(self.content())
        except orjson.JSONDecodeError as error:
            raise Malformed(f"the body is no JSON: {error}") from error

    def request(self, kind: Kind) -> Request:
        """The same for the pipeline, which reads the body itself."""
        encoding = self.headers.get("content-encoding", "").strip().lower()
        return Request(kind, self.media, encoding, self.body, self.sender, self.received_us, size=self.size)


Take = Callable[[Host, Post], Reply] | Callable[[Host, Post], Awaitable[Reply]]
"""A plain function may wait (for the inbox, say) and gets a thread; a coroutine function runs on the event loop."""


Port = Literal["telemetry", "webhooks"]


@dataclass(frozen=True, slots=True)
class Receiver:
    """One road into the collector.

    `routes` are the paths of its port that it answers to POST, `below` those that begin with a path; `declined` are
    paths at which senders knock in vain, with the sentence that helps them; `signed` tells that it knows its senders by
    their signature, so that they need no token; `port` is the collector's port that it is at. `work` runs from the
    collector's start, where it gives any; `journal_work` from when the journal is open, and gets its reporter.
    """

    name: str
    about: str
    routes: Mapping[str, Take] = field(default_factory=dict)
    declined: Mapping[str, str] = field(default_factory=dict)
    below: Mapping[str, Take] = field(default_factory=dict)
    signed: bool = False
    port: Port = "telemetry"
    work: Callable[[Host], Work | None] | None = None
    journal_work: Callable[[Host, Any], Work | None] | None = None
