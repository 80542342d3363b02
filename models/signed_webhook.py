"""The headers by which a receiver knows who sends, and that nothing was altered, as https://www.standardwebhooks.com
says; by the id it knows what it has already.
"""

from __future__ import annotations

import binascii
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standardwebhooks import Webhook

SHORTEST_KEY = 24
"""Bytes of a secret at least."""


def signed(message_id: str, at: datetime, body: bytes, secrets: str, variable: str) -> dict[str, str]:
    """The headers of a body; with several secrets, apart by blanks, a signature of each, so that one can be changed for
    the next. `at` is wall time in UTC.

    Raises ValueError, naming the `variable` that holds it, for a secret that is none.
    """
    text = body.decode()
    try:
        keys = [_keyed(secret) for secret in secrets.split()]
    except (ValueError, binascii.Error):
        raise ValueError(
            f"{variable} is no secret of Standard Webhooks: give whsec_ and at least {SHORTEST_KEY} bytes in base64"
        ) from None
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(key.sign(message_id, at, text) for key in keys),
    }


def _keyed(secret: str) -> Webhook:
    from standardwebhooks import Webhook  # only where something is signed

    text = secret.removeprefix("whsec_")
    key = binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    if len(key) < SHORTEST_KEY:
        raise ValueError("too short")
    return Webhook(key)
