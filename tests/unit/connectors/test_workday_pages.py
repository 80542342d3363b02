"""Workday's pages of all workers: what came as it was before is not read again, whatever moment was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from integrations.connectors.workday.client import WorkdayClient
from integrations.contracts.connector import SystemConfig
from models.domain.clock import SystemClock

CONFIG = SystemConfig("workday", "workday", "hcm", "https://hcm.example.com", options={"tenant": "acme"})


class Answering(WorkdayClient):
    """Answers with these envelopes, one after the other, and counts those that are read."""

    def __init__(self, *answers: bytes) -> None:
        super().__init__(CONFIG, SystemClock())
        self._answers, self.read = list(answers), list[bytes]()

    def _sent(self, request: Mapping[str, Any]) -> bytes:
        return self._answers.pop(0)

    def _read(self, content: bytes) -> Mapping[str, Any]:
        self.read.append(content)
        return {"Response_Results": {"Total_Pages": "1"}, "Response_Data": {"Worker": [{"said": content}]}}


@pytest.mark.req("C4", "N3")
def test_a_page_of_all_workers_is_read_again_when_it_is_another() -> None:
    first, later, other = (
        b"<As_Of>1</As_Of><Response_Data>ann</Response_Data>",
        b"<As_Of>2</As_Of><Response_Data>ann</Response_Data>",
        b"<As_Of>3</As_Of><Response_Data>bob</Response_Data>",
    )
    client = Answering(first, later, other, other, later)
    pages = [client.workers(None, "now", 1, 200) for _ in range(3)]
    assert pages[0] is pages[1] and client.read == [first, other]
    client.workers(None, "now", 2, 200)
    client.workers("then", "now", 1, 200)
    assert client.read == [first, other, other, later], "another page, and what changed since then, are read"


def test_an_answer_without_data_is_read_each_time() -> None:
    client = Answering(b"<Fault/>", b"<Fault/>")
    client.workers(None, "now", 1, 200)
    client.workers(None, "now", 1, 200)
    assert len(client.read) == 2
