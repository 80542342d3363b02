"""The proof of a webhook, held against what its schemes' authors publish and against whoever forges one (C3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Reference

from models.domain.delivery_proof import Delivery, Scheme, fault, key_of
from tests.catalogues import schemes

pytestmark = pytest.mark.req("C3")
SCHEMES = schemes()
STANDARD, JIRA, GITHUB, KEY, BASIC = (SCHEMES[n] for n in ("standard-webhooks", "jira", "github", "key", "basic"))
EVERYBODY = "It's a Secret to Everybody"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_EXAMPLE = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
PUBLISHED = {
    "Standard Webhooks: the example of the specification's libraries": (
        STANDARD,
        SECRET,
        STANDARD_EXAMPLE,
        b'{"test": 2432232314}',
    ),
    "Atlassian: Webhooks, test vector of secret tokens": (
        JIRA,
        EVERYBODY,
        {"x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
        b"Hello World!",
    ),
    "GitHub: Validating webhook deliveries, testing the validation": (
        GITHUB,
        EVERYBODY,
        {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        b"Hello, World!",
    ),
    "RFC 7617, section 2: user-id Aladdin": (
        BASIC,
        "Aladdin:open sesame",
        {"authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        b"{}",
    ),
    "a key that both know": (KEY, "0123456789abcdef", {"x-webhook-key": "0123456789abcdef"}, b"{}"),
}
NOW = 1614265330.0


def proof(scheme: Scheme, secrets: list[str], headers: dict[str, str], body: bytes, now: float = NOW) -> str | None:
    return fault(scheme, [key_of(scheme, one) for one in secrets], Delivery(headers, body), now, 300.0)


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_the_providers_publish_is_proved_and_nothing_else(name: str) -> None:
    """C3: the published example holds, with any other secret or header it does not; no sentence repeats a secret."""
    scheme, secret, headers, body = PUBLISHED[name]
    assert proof(scheme, [secret], headers, body) is None
    wrong = proof(scheme, [secret[:-3] + ("abc" if not secret.endswith("abc") else "xyz")], headers, body)
    none = proof(scheme, [secret], {}, body)
    assert wrong and secret not in wrong and not any(value in wrong for value in headers.values())
    assert none and (scheme.header in none or "signed" in none)
    assert proof(scheme, [secret], {**headers, scheme.header: headers[scheme.header] + "0"}, body)


@pytest.mark.parametrize("scheme", [STANDARD, JIRA, GITHUB], ids=lambda one: one.name)
def test_another_body_is_not_what_was_signed(scheme: Scheme) -> None:
    _, secret, headers, body = next(one for one in PUBLISHED.values() if one[0] is scheme)
    assert "secret" in (proof(scheme, [secret], headers, body + b" ") or "")


@pytest.mark.parametrize(("away", "right"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_a_signed_moment_counts_for_so_long(away: float, right: bool) -> None:
    """C3: a delivery that somebody kept and sends again after the window is refused, and says how old it is."""
    why = proof(STANDARD, [SECRET], STANDARD_EXAMPLE, b'{"test": 2432232314}', NOW + away)
    assert (why is None) is right and (right or "301 s" in str(why))


def test_while_a_secret_is_changed_either_counts() -> None:
    """C3: keys rotate: the vendor signs with both, or we know both; an unknown scheme's signature beside is no harm."""
    _, secret, headers, body = next(iter(PUBLISHED.values()))
    other = "whsec_" + base64.b64encode(bytes(24)).decode()
    both = {**headers, "webhook-signature": "v1a,AAAA v1,AAAA " + headers["webhook-signature"]}
    assert proof(STANDARD, [other, secret], headers, body) is None and proof(STANDARD, [secret], both, body) is None
    assert proof(STANDARD, [other], both, body)


@pytest.mark.parametrize(
    ("scheme", "secret"), [(JIRA, "hunter2"), (BASIC, "no-colon-in-this-one"), (STANDARD, "whsec_no base64 !!")]
)
def test_a_secret_that_is_none_is_refused_and_not_repeated(scheme: Scheme, secret: str) -> None:
    with pytest.raises(ValueError) as refusal:
        key_of(scheme, secret)
    assert secret not in str(refusal.value)


@given(st.binary(min_size=24, max_size=64), st.text("abcXYZ019_-", min_size=1), st.binary(), st.integers(0, 2**36))
def test_it_agrees_with_the_reference_library(key: bytes, delivery: str, body: bytes, moment: int) -> None:
    """What the library of Standard Webhooks signs is proved here; a change of any byte is not."""
    text = body.decode("latin-1")
    at = datetime.fromtimestamp(moment, UTC)
    signature = Reference(key).sign(delivery, at, text)
    headers = {"webhook-id": delivery, "webhook-timestamp": str(moment), "webhook-signature": signature}
    sent = Delivery(headers, text.encode())
    assert fault(STANDARD, [key], sent, moment, 300.0) is None
    assert fault(STANDARD, [key], Delivery({**headers, "webhook-id": delivery + "0"}, sent.body), moment, 300.0)
    assert fault(STANDARD, [key], Delivery({**headers, "webhook-timestamp": str(moment + 1)}, sent.body), moment, 300.0)
    assert fault(STANDARD, [key], Delivery(headers, sent.body + b"\0"), moment, 300.0)


LATIN = st.text(st.characters(max_codepoint=255))


@given(st.sampled_from(sorted(SCHEMES)), LATIN, LATIN, LATIN, st.binary(), st.binary(min_size=16))
def test_no_header_proves_or_breaks_anything(
    name: str, shown: str, told: str, at: str, body: bytes, key: bytes
) -> None:
    """C3: whatever a stranger puts into the headers, the answer is a sentence."""
    scheme = SCHEMES[name]
    headers = {scheme.header: shown, **{h: v for h, v in ((scheme.id, told), (scheme.timestamp, at)) if h}}
    assert fault(scheme, [key], Delivery(headers, body), NOW, 300.0)


@given(st.binary(min_size=16), st.binary(), st.data())
def test_one_other_bit_is_another_body(key: bytes, body: bytes, data: st.DataObject) -> None:
    """C3: of a signed body each bit is."""
    body = body or b"{}"
    signature = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    at, bit = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 7))
    other = body[:at] + bytes([body[at] ^ (1 << bit)]) + body[at + 1 :]
    assert (
        fault(JIRA, [key], Delivery({"x-hub-signature": signature.upper().replace("SHA", "sha")}, body), 0, 1) is None
    )
    assert fault(JIRA, [key], Delivery({"x-hub-signature": signature}, other), 0, 1)
