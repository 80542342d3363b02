"""What tells two changes of one object apart where the source's clock does not: its content."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from models.domain.storable import storable


def digest(content: Any) -> str:
    """The same for the same content: 12 hex digits of SHA-256 over its JSON with sorted keys.

    A source's clock ticks in seconds or milliseconds, so that an event's id needs the content beside the time, or the
    second change within a tick would be taken for the first one come twice. Only what is mapped may go in: a field that
    moves by itself (last viewed, fetched at) would make every reading a change.
    """
    try:
        text = json.dumps(content, sort_keys=True, default=str)
    except (RecursionError, ValueError):
        text = json.dumps(storable(content), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
