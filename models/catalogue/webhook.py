"""How a system sends webhooks, and how each shows that it is the system's own (C3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
class Webhook:
    """What one system's webhooks show: by which scheme, by the secrets in which environment variables (several while
    one is changed for the next), signed at most `replay_seconds` ago.
    """

    scheme: Scheme
    secrets: tuple[str, ...]
    replay_seconds: float = 300.0
