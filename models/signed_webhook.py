"""The headers by which a receiver knows who sends, and that nothing was altered, as https://www.standardwebhooks.com
says; by the id it knows what it has already.
"""

from __future__ import annotations

import binascii
from datetime import datetime

SHORTEST_KEY = 24
"""Bytes of a secret at least."""


def signed(message_id: str, at: datetime, body: bytes, secrets: str, variable: str) -> dict[str, str]:
    """The headers of a body; with several secrets, apart by blanks, a signature of each, so that one can be changed for
    the next. `at` is wall time in UTC.

    Raises ValueError, naming the `variable` that holds it, for a secret that is none.
    """
    from standardwebhooks import Webhook  # only where something is signed

    text = body.decode()
    signatures = [Webhook(key).sign(message_id, at, text) for key in keys_of(secrets, variable)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def keys_of(secrets: str, variable: str) -> list[bytes]:
    """The keys of secrets apart by blanks. Raises ValueError, naming the `variable`, for a secret that is none."""
    try:
        keys = [_key(secret) for secret in secrets.split()]
    except (ValueError, binascii.Error):
        keys = []
    if not keys or min(map(len, keys)) < SHORTEST_KEY:
        raise ValueError(
            f"{variable} is no secret of Standard Webhooks: give whsec_ and at least {SHORTEST_KEY} bytes in base64"
        )
    return keys


def _key(secret: str) -> bytes:
    text = secret.removeprefix("whsec_")
    return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
