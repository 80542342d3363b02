"""Pages on the web neither reach the collector by another name nor send to it unless a setting lets them (C10)."""

from __future__ import annotations

import pytest

from collectors.doorkeeper import Doorkeeper
from collectors.exposure import telemetry_door
from models.door import Exposure
from models.settings import Settings

pytestmark = pytest.mark.req("C10")
PAGE = "https://app.example"
ASKING = {"origin": PAGE, "access-control-request-method": "POST"}


def keeper(**settings: str) -> Doorkeeper:
    door = telemetry_door(Settings.model_validate(settings))
    return Doorkeeper(door, Exposure(None, False), None)  # type: ignore[arg-type]


def status(door: Doorkeeper, **headers: str) -> int:
    refusal = door.refusal(headers, "127.0.0.1")
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize("host", ["127.0.0.1:4318", "localhost", "[::1]:4318", "LOCALHOST:1", "127.0.0.2"])
def test_its_own_names_are_heard(host: str) -> None:
    assert status(keeper(), host=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "10.0.0.1", "[", "[::2]:4318"]
)
def test_another_name_is_not(host: str) -> None:
    assert status(keeper(), host=host) == 421


def test_a_name_and_an_address_that_are_set_are_heard() -> None:
    door = keeper(otlp_hosts="otel.example, Collector", otlp_host="10.0.0.1")
    assert [status(door, host=host) for host in ("otel.example:4318", "collector", "10.0.0.1:4318")] == [200] * 3


def test_a_page_may_send_where_its_origin_is_set() -> None:
    closed, opened = keeper(), keeper(otlp_origins=f"{PAGE}/, http://localhost:3000")
    assert (status(closed, origin=PAGE), status(opened, origin="https://app.example.evil")) == (403, 403)
    assert (status(opened, origin=PAGE), status(opened, origin="null")) == (200, 403)
    assert dict(opened.cors({"origin": PAGE}))[b"access-control-allow-origin"] == PAGE.encode()
    assert not opened.cors({}) and not closed.cors({"origin": PAGE})
    answer = opened.preflight(ASKING)
    assert answer is not None and answer.status == 204
    assert {b"content-type", b"authorization"} <= set(dict(answer.extra)[b"access-control-allow-headers"].split(b", "))
    assert opened.preflight({"origin": PAGE}) is None
