"""What a delivery of a webhook is on its way to the engine: a hint that its system has changed, and no more (C3).

It is no business event: its payload is the vendor's, unread. The engine asks the system's connector what it names, and
reads that from the system.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HINT = "tieout.webhook.received"


def hint(system: str, delivery: str, payload: Any) -> dict[str, Any]:
    """The body of a delivery for the inbox."""
    return {"type": HINT, "source": system, "id": delivery, "data": {"payload": payload}}


def is_hint(body: Mapping[str, Any]) -> bool:
    """Whether an item of the inbox is such a delivery."""
    return body.get("type") == HINT


def payload_of(body: Mapping[str, Any]) -> Any:
    """What the vendor sent."""
    data = body.get("data")
    return data.get("payload") if isinstance(data, Mapping) else None
