"""What a vendor answered to one call, and what every vendor's answers have in common."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore

from models.domain.errors import Unmappable

_USAGE = re.compile(r"\bapi-usage=(\d{1,15})/(\d{1,15})")
LARGEST_BODY = 256 * 1024 * 1024
"""Bytes after decompression."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a vendor answered; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, answer: httpcore.Response) -> Reply:
        """The answer as read, unpacked where it came packed. Raises Unmappable for one that is too large."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        body = _unpacked(answer.content) if headers.get("content-encoding") == "gzip" else answer.content
        if len(body) > LARGEST_BODY:
            raise Unmappable(
                f"the answer (status {answer.status}) is larger than {LARGEST_BODY} bytes: ask for smaller pages",
                "body",
                code="bad-payload",
            )
        return cls(answer.status, headers, body)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def quota(self) -> tuple[int, int] | None:
        """How many calls of a day are used and allowed, where the vendor says so: `api-usage=18/5000`."""
        found = _USAGE.search(self.headers.get("sforce-limit-info", ""))
        return (int(found[1]), int(found[2])) if found else None

    def json(self, constant: Callable[[str], Any] | None = None) -> Any:
        """The body with every non-integer number as Decimal, so that money is never a float.

        Raises Unmappable when the body is no JSON, as NaN and Infinity are none; `constant` says what stands in for
        such a word, so that it costs its own row of a list and no other.
        """
        try:
            return json.loads(self.body, parse_float=Decimal, parse_int=_integer, parse_constant=constant or _no_number)
        except (ValueError, RecursionError) as error:
            raise Unmappable(
                f"the answer (status {self.status}, {len(self.body)} bytes) is not JSON: {error}",
                "body",
                code="bad-payload",
            ) from error

    def delay(self, now: datetime, default: float) -> timedelta:
        """How long to wait by Retry-After (seconds or a date) or X-Retry-After (epoch milliseconds); else `default`
        seconds. Moments count from the server's own Date header, or from `now` where it sent none.
        """
        value = self.headers.get("retry-after") or self.headers.get("x-retry-after") or ""
        server_now = _date(self.headers.get("date"), now)
        try:
            number = float(value)
        except ValueError:
            return _date(value, server_now + timedelta(seconds=default)) - server_now
        if number > 1e11:
            return timedelta(milliseconds=number - server_now.timestamp() * 1000)
        return timedelta(seconds=number)


_MESSAGES = ("message", "error_description", "detail", "title", "error", "errors")
"""Where bodies of errors say in words what is wrong, RFC 9457 and OAuth's among them."""


def words_of(said: str) -> str:
    """What the body of an error says to a person: its message where it is JSON that has one, else all of it."""
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return said
    while not isinstance(found, str):
        if isinstance(found, list):
            found = found[0] if found else said
        elif isinstance(found, dict):
            found = next((found[name] for name in _MESSAGES if found.get(name)), said)
        else:
            return said
    return found


def _integer(text: str) -> int | Decimal:
    """Python reads no integer of more than 4,300 digits; a decimal holds it, and its row is refused."""
    return int(text) if len(text) < 1000 else Decimal(text)


def _no_number(word: str) -> Any:
    raise ValueError(f"it holds {word}, which is no number")


def _unpacked(body: bytes) -> bytes:
    """A gzip body, read until one byte more than the largest size we take; one that is broken stays as it is, and is
    then reported as unreadable.
    """
    try:
        return zlib.decompressobj(wbits=31).decompress(body, LARGEST_BODY + 1)
    except zlib.error:
        return body


def _date(text: str | None, default: datetime) -> datetime:
    try:
        return parsedate_to_datetime(text or "")
    except ValueError:
        return default
