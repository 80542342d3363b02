"""A quiet sandbox on a free port, and a client per vendor that knows how to be let in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from integrations.sandbox.sandbox import SECRET, Sandbox

ANCHOR = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
START = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
PLAIN = {"authorization": f"Bearer {SECRET}"}


@dataclass
class HandClock:
    """A clock that only the test moves."""

    present: datetime = START
    held: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        return self.present

    def later(self, seconds: float) -> datetime:
        self.present += timedelta(seconds=seconds)
        return self.present


@contextmanager
def house(fault_plan: str | None = None) -> Iterator[tuple[Sandbox, httpx.Client, HandClock]]:
    """A sandbox, a client with the sandbox's address as base and the bearer token, and its clock."""
    clock = HandClock()
    sandbox = Sandbox(7, clock, anchor=ANCHOR, fault_plan=fault_plan)
    with sandbox.serve() as address, httpx.Client(base_url=address, headers=PLAIN, timeout=10) as client:
        yield sandbox, client, clock


def salesforce_token(client: httpx.Client) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": "sync", "client_secret": SECRET}
    answer = client.post("/salesforce/services/oauth2/token", data=form)
    return {"authorization": f"Bearer {answer.json()['access_token']}"}
