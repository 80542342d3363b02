"""What the pipeline has done since it started: counts that only grow."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from collectors.pipeline.answer import Answer
from collectors.pipeline.request import Request
from collectors.pipeline.rows import Rows, receiver


class Tally:
    """Counts of items and requests. Methods may be called from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._bytes: Counter[str] = Counter()

    def stored(self, rows: Rows) -> None:
        """Count rows that are durable."""
        with self._lock:
            for table, parts in rows.tables.items():
                self._stored[table] += sum(part.num_rows for part in parts)

    def answered(self, answers: Sequence[tuple[Request, Answer]]) -> None:
        """Count requests by what they were answered, and the items refused among them."""
        with self._lock:
            for request, answer in answers:
                name = receiver(request.kind)
                self._requests[name, answer.status] += 1
                self._bytes[name] += request.size or len(request.body)
                self._refused[name] += answer.rejected

    def counts(self) -> tuple[Counter[str], Counter[str], Counter[tuple[str, int]], Counter[str]]:
        """Rows stored by table, items refused by receiver, requests by receiver and status, bytes by receiver."""
        with self._lock:
            return self._stored.copy(), self._refused.copy(), self._requests.copy(), self._bytes.copy()
