"""Actions in the log, one line each: what happened to what, and why.

`action=run.dead run_id=6f… flow=time-to-bill why=closed-period`: a person reads it, a log store splits it without a
pattern. The same fields are on the record as `action` and `ids`, for a handler that writes JSON.
"""

from __future__ import annotations

import json
import logging
import re

_PLAIN = re.compile(r"[^\s\"=]+")


def action(log: logging.Logger, level: int, name: str, /, **ids: object) -> None:
    """Log that `name` (a thing and what became of it: run.dead) happened; fields that are None are left out.

    Costs next to nothing where the level is not logged. Ids and codes only: a payload's values belong to the audit
    lake, which masks them.
    """
    if log.isEnabledFor(level):
        named = {key: value for key, value in ids.items() if value is not None}
        log.log(level, "%s", line(name, named), extra={"action": name, "ids": named}, stacklevel=2)


def line(name: str, ids: dict[str, object]) -> str:
    """The line of an action: `key=value` apart by blanks, a value with a blank, a quote or `=` as a JSON string."""
    return " ".join([f"action={name}", *(f"{key}={_value(str(value))}" for key, value in ids.items())])


def _value(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
