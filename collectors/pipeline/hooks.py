"""The webhooks that an installation's systems send: how each is proved, and what its deliveries came to (C3)."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.catalogue import SystemConfig
from models.catalogue.webhook import Webhook
from models.domain.delivery_proof import Delivery, fault, key_of
from models.domain.errors import Misconfigured

_NUMBERS = re.compile(r"\d+")


class Hook:
    """One system's webhooks. `keys` are those that count today. Thread-safe."""

    def __init__(self, system: str, webhook: Webhook, keys: tuple[bytes, ...]) -> None:
        self.system, self.webhook, self._keys = system, webhook, keys
        self._lock = threading.Lock()
        self._counted: Counter[str] = Counter()
        self._why: str | None = None

    def fault(self, delivery: Delivery, now: float) -> str | None:
        """What is wrong with a delivery's proof; `now` is wall time in seconds since 1970."""
        return fault(self.webhook.scheme, self._keys, delivery, now, self.webhook.replay_seconds)

    def count(self, outcome: str, why: str | None = None) -> bool:
        """Take note of a delivery's outcome, and of why the last one was refused; True when that is another reason."""
        with self._lock:
            self._counted[outcome] += 1
            other = why is not None and _NUMBERS.sub("", why) != _NUMBERS.sub("", self._why or "")
            self._why = why or self._why
            return other

    def shown(self) -> dict[str, Any]:
        """What was counted since the start, and why the last refusal was one."""
        with self._lock:
            return {**dict(sorted(self._counted.items())), **({"last_refusal": self._why} if self._why else {})}

    def counts(self) -> Mapping[str, int]:
        """Deliveries by what they came to."""
        with self._lock:
            return dict(self._counted)


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hooks by system."""

    known: Mapping[str, Hook] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.known)

    def of(self, system: str) -> Hook | None:
        return self.known.get(system)

    def shown(self) -> dict[str, Any]:
        """What each came to."""
        return {name: hook.shown() for name, hook in self.known.items()}

    def counts(self) -> list[tuple[dict[str, str], float]]:
        """The same as values of a measure."""
        return [
            ({"system": name, "outcome": outcome}, count)
            for name, hook in self.known.items()
            for outcome, count in hook.counts().items()
        ]


def hooks_of(systems: Iterable[SystemConfig], environment: Mapping[str, str]) -> Hooks:
    """The hooks of the systems that send webhooks. Raises Misconfigured with everything that is wrong with secrets."""
    faults: list[str] = []
    known = {
        one.name: Hook(one.name, one.webhook, _keys(one.name, one.webhook, environment, faults))
        for one in systems
        if one.webhook is not None
    }
    if faults:
        raise Misconfigured("webhooks need mending: " + "; ".join(faults))
    return Hooks(known)


def _keys(system: str, webhook: Webhook, environment: Mapping[str, str], faults: list[str]) -> tuple[bytes, ...]:
    """The keys of those variables that are set: while one secret is changed for the next, either may be."""
    keys = []
    for name in webhook.secrets:
        try:
            keys += [key_of(webhook.scheme, environment[name])] if environment.get(name) else []
        except ValueError as error:
            faults.append(f"{name} is no secret for {webhook.scheme.name}: {error}")
    if not keys and not any(name in fault for name in webhook.secrets for fault in faults):
        faults.append(f"system {system}: set {' or '.join(webhook.secrets)}")
    return tuple(keys)
