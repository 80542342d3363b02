"""How a system's webhooks show that they are its own (C3)."""

from __future__ import annotations

from dataclasses import dataclass

from models.domain.delivery_proof import Scheme


@dataclass(frozen=True, slots=True)
class Webhook:
    """What one system's webhooks show: by which scheme, by the secrets in which environment variables (several while
    one is changed for the next), signed at most `replay_seconds` ago.
    """

    scheme: Scheme
    secrets: tuple[str, ...]
    replay_seconds: float = 300.0
