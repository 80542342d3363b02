"""The port of webhooks: proved, kept, then acknowledged; a status tells the vendor what to do (C3, E11, N4)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks import Webhook as Reference

from collectors.pipeline.hooks import Hooks, hooks_of
from models.canonical.hint import is_hint, payload_of
from models.catalogue import Role, SystemConfig
from models.catalogue.webhook import Webhook
from models.domain.errors import Misconfigured, Retriable
from models.journal.inbox import Appended, Item
from tests.catalogues import schemes
from tests.unit.collect.gateways import webhook_gateway
from tests.unit.engine.hostile import HandClock

pytestmark = pytest.mark.req("C3")
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
SECRETS = {
    "STANDARD": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "JIRA": "a secret of sixteen and more",
    "KEY": "a key that both sides know",
    "BASIC": "tieout:a password of some length",
}
BODY = b'{"webhookEvent": "worklog_updated", "worklog": {"id": "10001"}}'


def system(name: str, scheme: str, *variables: str) -> SystemConfig:
    return SystemConfig(name, "acme", Role("psa"), "", webhook=Webhook(schemes()[scheme], variables))


SYSTEMS = [
    system("standard", "standard-webhooks", "NEXT", "STANDARD"),
    system("jira", "jira", "JIRA"),
    system("keyed", "key", "KEY"),
    system("basic", "basic", "BASIC"),
]


class Memory:
    """An inbox that keeps what it is handed, once an id; `fault` is raised instead."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.fault = fault

    def append(self, items: Sequence[Item]) -> Appended:
        if self.fault:
            raise self.fault
        new = {(one.source, one.item_id): one for one in items if (one.source, one.item_id) not in self.items}
        self.items |= new
        return Appended(len(new), len(items) - len(new))


def proved(name: str, body: bytes = BODY, delivery: str = "d-1") -> dict[str, str]:
    """The headers with which each vendor sends a body."""
    digest = hmac.new(SECRETS["JIRA"].encode(), body, hashlib.sha256).hexdigest()
    return {
        "standard": {
            "webhook-id": delivery,
            "webhook-timestamp": str(int(NOW.timestamp())),
            "webhook-signature": Reference(SECRETS["STANDARD"]).sign(delivery, NOW, body.decode("latin-1")),
        },
        "jira": {"x-hub-signature": f"sha256={digest}", "x-atlassian-webhook-identifier": delivery},
        "keyed": {"x-webhook-key": SECRETS["KEY"]},
        "basic": {"authorization": "Basic " + base64.b64encode(SECRETS["BASIC"].encode()).decode()},
    }[name]


class Port:
    """The port, asked without a socket."""

    def __init__(self, inbox: Memory | None = None) -> None:
        self.inbox, self.hooks = inbox or Memory(), hooks_of(SYSTEMS, SECRETS)
        self._application = webhook_gateway(self.hooks, self.inbox, HandClock(NOW))

    def post(self, name: str, body: bytes = BODY, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
        sent = {**(proved(name, body) if headers is None else headers), **more}
        return asyncio.run(self._posted(f"/webhooks/{name}", body, sent))

    async def _posted(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self._application)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post(path, content=body, headers=headers)


@pytest.mark.req("E11")
@pytest.mark.parametrize("name", [one.name for one in SYSTEMS])
def test_each_scheme_brings_a_hint_into_the_inbox_once(name: str) -> None:
    """C3: proved, kept, 200; sent again it is known; with another secret it is refused, counted, and names none."""
    port = Port()
    first, again = port.post(name), port.post(name)
    assert (first.status_code, first.json()) == (200, {"kept": True, "new": True})
    assert (again.status_code, again.json()) == (200, {"kept": True, "new": False})
    (item,) = port.inbox.items.values()
    assert item.source == name and is_hint(item.body) and payload_of(item.body) == json.loads(BODY)
    assert item.again is (name in ("keyed", "basic")), "what has no id of its own is known only while it waits"
    other = {header: value[:-4] + "AAAA" for header, value in proved(name).items()}
    refused = port.post(name, headers=other)
    said = json.dumps([refused.json(), port.hooks.shown()])
    assert refused.status_code == 401 and "would be again" in refused.json()["message"]
    assert port.hooks.shown()[name] | {"last_refusal": ""} == {"new": 1, "known": 1, "refused": 1, "last_refusal": ""}
    assert not any(secret in said or value in said for secret in SECRETS.values() for value in other.values())


@pytest.mark.req("N4")
def test_a_status_tells_the_vendor_whether_to_send_again() -> None:
    """C3: 4xx is refused for good, with what to do; 5xx asks for the same delivery again and keeps nothing."""
    port = Port()
    assert port.post("nobody", headers={}).status_code == 404
    assert port.post("jira", headers={}).status_code == 401
    assert port.post("jira", b" " * (65 << 10)).status_code == 413
    assert port.post("jira", **{"content-encoding": "gzip"}).status_code == 415
    assert port.post("jira", host="elsewhere.example").status_code == 421
    assert port.post("jira", host="hooks.acme.example").status_code == 200
    late = port.post("standard", headers={**proved("standard"), "webhook-timestamp": "1614265330"})
    assert late.status_code == 401 and "sign it anew" in late.json()["message"]
    assert port.hooks.shown()["jira"]["refused"] == 3
    for fault in (Retriable("the journal is being opened: send again"), OSError("disk I/O error")):
        away = Port(Memory(fault)).post("jira")
        assert (away.status_code, away.headers["retry-after"]) == (503, "5") and "send again" in away.json()["message"]


@pytest.mark.req("N4")
def test_what_is_proved_and_no_json_is_kept_with_its_reason() -> None:
    """N4: to send it again would not mend it, so that it is kept and goes to the dead letters."""
    port, body = Port(), b"issue=10001&caf\xe9"
    assert port.post("jira", body).status_code == 200
    (item,) = port.inbox.items.values()
    assert item.refusal is not None and item.refusal[0] == "not-json" and "issue=10001" in item.body["text"]


def test_telemetry_has_no_road_here_and_webhooks_none_there() -> None:
    port = Port()
    assert asyncio.run(port._posted("/v1/traces", b"{}", {})).status_code == 404
    assert asyncio.run(port._posted("/webhooks", b"{}", {})).status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "system jira: set JIRA"),
        ({"JIRA": "hunter2"}, "JIRA is no secret for jira: it is shorter than 16 characters"),
    ],
)
def test_without_a_secret_the_collector_says_which(given: dict[str, str], said: str) -> None:
    """C3: all that is wrong in one message, which repeats no secret; either of two is enough."""
    with pytest.raises(Misconfigured, match=said) as refusal:
        hooks_of([SYSTEMS[1]], given)
    assert "hunter2" not in str(refusal.value)
    assert isinstance(hooks_of([SYSTEMS[0]], {"STANDARD": SECRETS["STANDARD"]}), Hooks)
