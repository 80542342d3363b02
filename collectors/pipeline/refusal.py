"""Why something is not taken: a whole body by an exception, one item by a Refusal, each with a sentence."""

from __future__ import annotations

from dataclasses import dataclass

MOST_ITEMS = 100_000  # spans, log records or lines per request: SDKs send at most a few thousand
MOST_REFUSALS = 1_000  # kept one by one per request; the rest is counted


class Malformed(Exception):
    """A body that is not what its content type says."""


class TooLarge(Exception):
    """A body larger than the limit, perhaps only after inflating, or one of far too many items."""


class UnknownEncoding(Exception):
    """A content type or encoding that is not offered."""


class Foreign(Exception):
    """A body that comes from where nothing is taken from."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused item: `request` is the index of the body it came in, `content` JSON or text with secrets masked.

    `items` is more than one where it stands for the rest of a request beyond the first refusals.
    """

    request: int
    code: str
    reason: str
    path: str
    content: str
    size: int
    items: int = 1


def too_many(items: int, what: str) -> TooLarge:
    """The exception for a request of `items` spans, log records or lines."""
    return TooLarge(f"the body holds {items} {what}, more than {MOST_ITEMS}")


def rest(request: int, items: int) -> Refusal:
    """Stands for the refusals of a request beyond those kept one by one."""
    return Refusal(
        request,
        "more",
        f"{items} more items were refused for like reasons and are not kept one by one",
        "",
        "",
        0,
        items,
    )
