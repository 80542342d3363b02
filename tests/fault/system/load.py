"""What an installation has to do while something is done to it: services send, people book."""

from __future__ import annotations

import http.client
import os
import threading
import urllib.request
from collections.abc import Callable

from tests.acceptance.system.demonstration import Demonstration
from tests.fault.system.vendors import Firm
from tests.unit.collect.requests import traces

SPANS, SENDERS = 8, 3
_SEND_SECONDS, _BOOK_SECONDS, _ODD = 0.05, 0.25, 10
"""How often each sender sends and somebody books; of so many entries one is on a code that the ERP does not know."""


class Load:
    """`acknowledged` are the traces that the collector took, `booked` the entries that can be billed, `odd` those that
    cannot.
    """

    def __init__(self, installation: Demonstration, firm: Firm) -> None:
        self._installation, self._firm = installation, firm
        self._ended = threading.Event()
        self.acknowledged: list[str] = []
        self.booked: list[str] = []
        self.odd: list[str] = []
        works = [*[(self.send, _SEND_SECONDS)] * SENDERS, (self._entry, _BOOK_SECONDS)]
        self._threads = [threading.Thread(target=self._again, args=work, daemon=True) for work in works]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def send(self) -> bool:
        """Whether the collector took a trace."""
        identity = os.urandom(16)
        body = traces(SPANS, trace_id=identity).SerializeToString()
        taken = answer(f"http://127.0.0.1:{self._installation.otlp}/v1/traces", body) is not None
        if taken:
            self.acknowledged.append(identity.hex())
        return taken

    def book(self) -> str:
        """Work that can be billed; its entry."""
        self.booked.append(entry := self._firm.work())
        return entry

    def _entry(self) -> None:
        if (len(self.booked) + len(self.odd)) % _ODD:
            self.book()
        else:
            self.odd.append(self._firm.work_on_an_unknown_code())

    def _again(self, work: Callable[[], object], seconds: float) -> None:
        while not self._ended.wait(seconds):
            work()


def answer(address: str, body: bytes | None = None) -> bytes | None:
    """The answer with status 200; None for any other, and for none."""
    headers = {"Content-Type": "application/x-protobuf"} if body else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=20) as found:
            return bytes(found.read()) if found.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
