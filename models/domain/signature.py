"""The signature of what processes of one installation send each other: who has the key sent just this, just now.

Header `tieout-signature: t=<seconds since 1970>,v1=<hex>`, where v1 is HMAC-SHA-256 under the installation's key over
the moment, the path and the SHA-256 of the body as it is on the wire.
"""

from __future__ import annotations

import hashlib
import hmac
import re

HEADER = "tieout-signature"
SKEW_SECONDS = 300
_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def signed(key: bytes, path: str, body: bytes, now: float) -> str:
    """The header's value for a body sent to a path at `now` (wall time, seconds since 1970)."""
    moment = int(now)
    return f"t={moment},v1={_digest(key, path, body, moment)}"


def fault(key: bytes, header: str | None, path: str, body: bytes, now: float) -> str | None:
    """What is wrong with a signature, None when it is right."""
    found = _FORM.fullmatch(header or "")
    if found is None:
        return "it is not signed with the key of this installation"
    moment = int(found[1])
    if abs(now - moment) > SKEW_SECONDS:
        return f"it was signed {abs(now - moment):.0f} s {'ago' if moment < now else 'ahead'}: set the clocks right"
    if not hmac.compare_digest(found[2], _digest(key, path, body, moment)):
        return "it is signed with another key than that of this installation"
    return None


def bearer(key: bytes) -> str:
    """The token by which a process of the installation sends telemetry about itself."""
    return hmac.new(key, b"tieout telemetry", hashlib.sha256).hexdigest()


def _digest(key: bytes, path: str, body: bytes, moment: int) -> str:
    text = f"v1\n{moment}\n{path}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
