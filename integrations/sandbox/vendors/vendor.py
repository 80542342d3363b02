"""What every emulator offers the gateway."""

from __future__ import annotations

from typing import Protocol

from integrations.sandbox.vendors.wire import Answer, Request


class Vendor(Protocol):
    """An emulator: how it answers, and what it says under a condition that keeps it from answering."""

    name: str

    def answer(self, request: Request) -> Answer: ...

    def disturbed(self, kind: str, request: Request) -> Answer: ...
