"""Whether a delivery of a webhook is its vendor's own: by a signature, a key or a password that both sides know (C3).

Every comparison takes the same time whatever differs, and no sentence repeats what was shown or expected.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_MOST = 8  # signatures in one header: a vendor that changes its key sends two
_MARK = "whsec_"
SHORTEST = 16  # bytes of a secret
Kind = Literal["hmac-sha256", "header", "basic"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a delivery is proved: by an HMAC over what `signed` says, by a key in a header, or by HTTP basic.

    Header names are lower case. `signed` is a text with `{body}`, `{id}` and `{timestamp}` in it; `id` and `timestamp`
    name the headers that tell them, empty where the vendor tells none. `encoding` is that of the signature, `key` that
    of the secret; `prefix` stands before the signature or the key in `header`.
    """

    name: str
    kind: Kind
    header: str = "authorization"
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    key: Literal["text", "base64"] = "text"
    signed: str = "{body}"
    id: str = ""
    timestamp: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came: headers with lower-case names, and the body as it was on the wire."""

    headers: Mapping[str, str]
    body: bytes

    def told(self, header: str) -> str:
        """The value of a header, empty where there is none."""
        return self.headers.get(header, "").strip() if header else ""


def key_of(scheme: Scheme, secret: str) -> bytes:
    """The key that a secret stands for. Raises ValueError, which names no secret, for one that is none."""
    if len(secret) < SHORTEST:
        raise ValueError(f"it is shorter than {SHORTEST} characters")
    if scheme.kind == "basic" and ":" not in secret:
        raise ValueError("give it as user:password")
    if scheme.key == "text":
        return secret.encode()
    text = secret.removeprefix(_MARK)
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is no base64") from None


def fault(scheme: Scheme, keys: Sequence[bytes], delivery: Delivery, now: float, window: float) -> str | None:
    """What is wrong with a delivery's proof, None where it is right. `now` is wall time in seconds since 1970, `window`
    how many seconds a signed moment may lie away from it.
    """
    shown = delivery.told(scheme.header)
    if not shown:
        return f"there is no header {scheme.header}"
    if scheme.timestamp and (late := _late(delivery.told(scheme.timestamp), now, window)):
        return late
    if scheme.id and "{id}" in scheme.signed and not delivery.told(scheme.id):
        return f"there is no header {scheme.id}"
    offered = _offered(scheme, shown)
    wanted = [_wanted(scheme, key, delivery) for key in keys]
    if any([hmac.compare_digest(one, other) for one in offered for other in wanted]):  # all of them are compared
        return None
    return f"what {scheme.header} shows is not made with the secret that is agreed"


def id_of(scheme: Scheme, delivery: Delivery) -> str | None:
    """The vendor's id of the delivery, the same when it is sent again; None where the vendor gives none."""
    return delivery.told(scheme.id)[:200] or None


def digest_of(delivery: Delivery) -> str:
    """What stands for the id of a delivery that has none: two of one digest say the same."""
    return f"sha256:{hashlib.sha256(delivery.body).hexdigest()}"


def _late(told: str, now: float, window: float) -> str | None:
    if not (told.isascii() and told.isdigit() and len(told) <= 12):
        return "it does not say when it was signed, in seconds since 1970"
    away = now - int(told)
    if abs(away) <= window:
        return None
    return f"it was signed {abs(away):.0f} s {'ago' if away > 0 else 'ahead'}, more than {window:.0f} s: sign it anew"


def _offered(scheme: Scheme, shown: str) -> list[bytes]:
    """The proofs that a header holds, as bytes to compare."""
    if scheme.kind == "basic":
        name, _, value = shown.partition(" ")
        return [_unpacked(value.strip())] if name.lower() == "basic" else []
    if scheme.kind == "header":
        return [_wire(shown.removeprefix(scheme.prefix))] if shown.startswith(scheme.prefix) else []
    found = [one.removeprefix(scheme.prefix) for one in shown.split() if one.startswith(scheme.prefix)]
    return [_wire(one.lower() if scheme.encoding == "hex" else one) for one in found[:_MOST]]


def _wanted(scheme: Scheme, key: bytes, delivery: Delivery) -> bytes:
    if scheme.kind != "hmac-sha256":
        return key
    made = hmac.new(key, _signed(scheme, delivery), hashlib.sha256).digest()
    return made.hex().encode() if scheme.encoding == "hex" else base64.b64encode(made)


def _signed(scheme: Scheme, delivery: Delivery) -> bytes:
    before, _, after = scheme.signed.partition("{body}")
    known = {"{id}": delivery.told(scheme.id), "{timestamp}": delivery.told(scheme.timestamp)}
    for name, value in known.items():
        before, after = before.replace(name, value), after.replace(name, value)
    return _wire(before) + delivery.body + _wire(after)


def _wire(text: str) -> bytes:
    """A header's text as the bytes that came."""
    return text.encode("latin-1", "replace")


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
