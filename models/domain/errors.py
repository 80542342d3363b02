"""Errors named by what happens next, so that nobody has to parse a message to decide.

| situation at a vendor | raise | what the engine does |
|---|---|---|
| timeout before sending, 5xx, refused connection, lock conflict | Retriable | backs off and tries again |
| 429, concurrency or quota limit | RateLimited | waits until the given moment; not an attempt |
| the target understood and refused | Rejected | dead letter at once, with code and field |
| the payload cannot be mapped | Unmappable | dead letter at once, with the path |
| the answer to a write never came | OutcomeUnknown | asks the target before any further write |
| credentials or settings are wrong | Misconfigured | opens the circuit; runs wait |
"""

from __future__ import annotations

import copyreg
from datetime import datetime
from typing import Any


class TieoutError(Exception):
    """Any error with a sentence for the person who must act."""

    code: str = "tieout.error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code:
            self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        # Made again without __init__, which may want more than the message: what arrives elsewhere is what was raised.
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]


class Retriable(TieoutError):
    """A passing fault: the same call may succeed later."""

    code = "transient"


class RateLimited(TieoutError):
    """The target asks to wait until `until` (UTC); waiting is not an attempt."""

    code = "rate-limited"

    def __init__(self, message: str, until: datetime, *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.until = until


class Rejected(TieoutError):
    """The target understood and refused; `code` is stable and groups like refusals, `field` names what it disliked."""

    code = "rejected"

    def __init__(self, message: str, *, code: str, field: str | None = None, answer: object = None) -> None:
        super().__init__(message, code=code)
        self.field = field
        self.answer = answer


class Unmappable(TieoutError):
    """The payload cannot be turned into what the target or the canonical model needs; `path` says where."""

    code = "unmappable"

    def __init__(self, message: str, path: str, *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.path = path


class OutcomeUnknown(TieoutError):
    """A write was sent and its answer never came: ask the target for `key` before writing again."""

    code = "in-doubt"

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


class Misconfigured(TieoutError):
    """A setting or credential is missing or refused; the message names it and says what to give."""

    code = "misconfigured"
