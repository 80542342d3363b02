"""Observations come from our engines, are of systems of the catalogue, and not of the future (C4, C10)."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from collectors.pipeline.answer import Answer
from collectors.pipeline.provenance import Provenance
from collectors.pipeline.refusal import Foreign
from collectors.pipeline.request import Request
from integrations.engine.signing import Signed, signed_client
from models.domain.errors import Misconfigured
from models.domain.signature import HEADER, SKEW_SECONDS, fault, signed
from models.installation_key import installation_key
from models.settings import Settings
from tests.unit.collect.gateways import KEY, gateway

pytestmark = pytest.mark.req("C4", "C10")
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


@dataclass
class Stopped:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


def line(system: str = "erp", **changes: Any) -> bytes:
    return json.dumps({"system": system, "observed_at": NOW.isoformat(), **changes}).encode()


def test_a_line_of_the_future_is_left_out_and_its_neighbours_keep_their_numbers() -> None:
    ahead = (NOW + timedelta(minutes=6)).isoformat()
    near = line(observed_at=(NOW + timedelta(minutes=4)).isoformat())
    body = b"\n".join([line(), line(observed_at=ahead), near, b"{no json", line(observed_at=5)])
    left, (refusal,) = Provenance({"erp"}, Stopped()).checked(body)
    assert left == b"\n".join([line(), b"", near, b"{no json", line(observed_at=5)])
    assert refusal.path == "line 2" and "in the future" in refusal.reason


@pytest.mark.finding("A3c")
def test_a_system_that_the_catalogue_does_not_name_is_refused_with_all_lines() -> None:
    with pytest.raises(Foreign, match="'oracle' is not in this collector's catalogue"):
        Provenance({"erp"}, Stopped()).checked(line() + b"\n" + line("oracle"))


def test_a_signature_is_of_one_key_path_body_and_moment() -> None:
    header = signed(KEY, "/v1/observations", b"body", 1000.7)
    assert fault(KEY, header, "/v1/observations", b"body", 1000 + SKEW_SECONDS) is None
    wrong = [
        fault(bytes([1] * 32), header, "/v1/observations", b"body", 1000),
        fault(KEY, header, "/v1/traces", b"body", 1000),
        fault(KEY, header, "/v1/observations", b"other", 1000),
        fault(KEY, header.replace("t=1000", "t=1001"), "/v1/observations", b"body", 1000),
        fault(KEY, header, "/v1/observations", b"body", 1002 + SKEW_SECONDS),
        fault(KEY, signed(KEY, "/p", b"", 5000), "/p", b"", 1000),
        fault(KEY, None, "/v1/observations", b"body", 1000),
        fault(KEY, "t=1,v1=zz", "/v1/observations", b"body", 1000),
    ]
    assert all(wrong) and "clocks" in str(wrong[4])


class Taking:
    """A pipeline that takes what its request lets through."""

    async def take(self, request: Request) -> Answer:
        return Answer(200, stored=len(request.check(request.body)[0]))


async def _sent(auth: httpx.Auth | None, path: str = "/v1/observations", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(gateway(Taking()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", auth=auth) as client:
        given: Mapping[str, str] = {"content-type": "application/x-ndjson", **headers}
        return await client.post(path, content=line(), headers=given)


@pytest.mark.req("G6")
def test_an_engine_of_the_installation_is_heard_and_nobody_else() -> None:
    assert asyncio.run(_sent(Signed(KEY))).status_code == 200
    for other in (None, Signed(bytes([1] * 32))):
        answer = asyncio.run(_sent(other))
        assert answer.status_code == 401 and "of this installation" in answer.json()["message"]
    assert asyncio.run(_sent(None, **{HEADER: "t=0,v1=" + "0" * 64})).status_code == 401


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(installation_key(Settings(home=tmp_path)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1 and len(found[0]) == 32
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["installation.key"]


def test_a_key_of_a_file_is_shared_and_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "shared.key"
    file.write_text("ab" * 32)
    settings = Settings(home=tmp_path, installation_key=file)
    file.chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        installation_key(settings)
    file.chmod(0o600)
    assert installation_key(settings) == b"\xab" * 32 and signed_client(settings).auth is not None
    file.write_text("ab")
    with pytest.raises(Misconfigured, match="too short"):
        installation_key(settings)
    with pytest.raises(Misconfigured, match="is no key"):
        installation_key(Settings(home=tmp_path, installation_key=tmp_path / "none"))
