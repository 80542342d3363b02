"""The shared transport and the places in a source: what is the same for every vendor."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import httpcore
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from integrations.connectors.bearer import Bearer
from integrations.connectors.http import HttpClient
from integrations.connectors.netsuite.token import assertion
from integrations.connectors.reply import Reply
from integrations.connectors.watermark import Watermark
from integrations.connectors.workday import CONNECTOR as Workday
from integrations.connectors.workday import mapping as workday
from integrations.contracts.connector import Role, SystemConfig
from models.domain.errors import Misconfigured, OutcomeUnknown, RateLimited, Retriable, Unmappable

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


class StillClock:
    def now(self) -> datetime:
        return NOW


def client(**credentials: str) -> HttpClient:
    return HttpClient(
        SystemConfig("erp", "netsuite", Role.ERP, "https://1234567-sb1.example.com/base", (), credentials), StillClock()
    )


@pytest.mark.req("G3")
def test_links_are_followed_on_our_own_host_only() -> None:
    """A vendor's link gives a path, never a host: an answer cannot send our token elsewhere."""
    assert client().local("https://evil.example.com/base/services/job/1?x=1") == "/services/job/1?x=1"
    assert client().local("/services/data/query/01g-2000") == "/services/data/query/01g-2000"


def test_an_address_that_is_none_is_refused() -> None:
    """N4: strict when starting."""
    with pytest.raises(Misconfigured, match="base_url"):
        HttpClient(SystemConfig("erp", "x", Role.ERP, "erp.example.com"), StillClock())


@pytest.mark.parametrize(
    ("status", "key", "again", "kind"),
    [
        (429, None, True, RateLimited),
        (401, None, True, Misconfigured),
        (500, None, True, Retriable),
        (500, "k", True, Retriable),
        (500, "k", False, OutcomeUnknown),
        (504, "k", False, OutcomeUnknown),
        (503, "k", False, Retriable),
        (404, None, True, type(None)),
    ],
)
@pytest.mark.req("E3", "E1")
def test_statuses_that_mean_the_same_everywhere(status: int, key: str | None, again: bool, kind: type) -> None:
    """A server error on a write that may not be repeated is in doubt; on any other call it is passing."""
    assert isinstance(client().fault(Reply(status, {}, b""), "said", key=key, again=again), kind)


@pytest.mark.req("S7")
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 1),
        ({"retry-after": "30"}, 30),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "soon"}, 1),
        ({"retry-after": "999999999"}, 172800),
        ({"retry-after": "Wed, 18 Nov 2026 12:00:30 GMT", "date": "Wed, 18 Nov 2026 12:00:00 GMT"}, 30),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], wait: float) -> None:
    """Seconds, dates by the server's own clock, nonsense by the default; never backwards, never for weeks."""
    assert client().wait_until(Reply(429, headers, b"")) == NOW + timedelta(seconds=wait)


def test_numbers_are_read_exactly() -> None:
    """M4: 0.1 is one tenth, not the nearest binary fraction."""
    assert str(Reply(200, {}, b'{"a": 0.1, "b": 125000.10}').json()["b"]) == "125000.10"
    with pytest.raises(Unmappable):
        Reply(200, {}, b"<html>").json()


@pytest.mark.req("N4")
@pytest.mark.parametrize("body", [gzip.compress(b'{"a": 1}', mtime=0), b"no gzip at all"])
def test_packed_answers_are_unpacked_or_reported(body: bytes) -> None:
    """A vendor that packs unasked is understood; one that says so and does not is reported by the reader."""
    answer = httpcore.Response(200, headers=[("Content-Encoding", "gzip")], content=body)
    answer.read()
    reply = Reply.of(answer)
    if body == b"no gzip at all":
        with pytest.raises(Unmappable):
            reply.json()
    else:
        assert reply.json() == {"a": 1}


@pytest.mark.req("G3")
def test_messages_are_cleaned_of_credentials() -> None:
    """A vendor that echoes what it was sent does not bring a secret into a message."""
    assert client(token="abcdef123", user="me").clean("you sent abcdef123") == "you sent •••"


def test_a_token_is_fetched_once_by_many_threads() -> None:
    """S6: threads that meet a refused token together renew it once."""
    fetched: list[int] = []
    bearer = Bearer(lambda: fetched.append(1) or f"token-{len(fetched)}")  # type: ignore[func-returns-value]
    old = bearer.token()
    barrier = Barrier(8)

    def renew() -> None:
        barrier.wait()
        bearer.token(refused=old)

    threads = [Thread(target=renew) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 2 and bearer.token() == "token-2"


def test_the_signed_assertion_verifies() -> None:
    """S6: NetSuite's client credentials are a PS256 JWT that the public key verifies and that lives five minutes."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    config = SystemConfig(
        "erp",
        "netsuite",
        Role.ERP,
        "https://x.example.com",
        (),
        {"private_key": pem, "client_id": "id", "certificate_id": "kid-1"},
    )
    signed, _, signature = assertion(config, StillClock()).rpartition(".")
    head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split("."))
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    key.public_key().verify(base64.urlsafe_b64decode(signature + "=="), signed.encode(), pss, hashes.SHA256())
    assert head["kid"] == "kid-1" and claims["exp"] - claims["iat"] == 300 and pem not in repr(config)


@pytest.mark.req("S6")
def test_a_watermark_forgets_only_what_left_the_overlap() -> None:
    """Rows in the overlap are known by version; older ones need no remembering."""
    overlap = timedelta(seconds=60)
    first = Watermark().moved([("a@1", NOW), ("b@1", NOW + timedelta(seconds=30))], overlap)
    again = Watermark.parse(first.text())
    assert (
        again == first
        and again.start(overlap) == NOW - timedelta(seconds=30)
        and not again.fresh("a@1")
        and again.fresh("a@2")
    )
    later = again.moved([("c@1", NOW + timedelta(seconds=80))], overlap)
    assert set(later.seen) == {"b@1", "c@1"}


@pytest.mark.req("S8")
def test_unknown_elements_are_found_at_any_depth() -> None:
    """An element that the service description lacks is named with its path."""
    raw = {"Worker_Data": {"Worker_ID": "1", "_unknown": ["Pronoun"]}}
    assert list(workday.unknown(raw)) == ["Worker.Worker_Data.Pronoun"]


@pytest.mark.req("N4")
def test_a_workday_without_its_tenant_is_said_when_starting() -> None:
    """The tenant is the customer's: no path is guessed."""
    config = SystemConfig("hcm", "workday", Role.HCM, "https://wd3.example.com", (), {"username": "u", "password": "p"})
    with pytest.raises(Misconfigured, match=r"hcm: option tenant .* is not set"):
        Workday(config, StillClock())
    Workday(replace(config, options={"service": "/ccx/service/acme/Human_Resources/v42.0"}), StillClock()).close()
