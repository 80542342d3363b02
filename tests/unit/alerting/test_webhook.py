"""The signature of webhooks, held against what the specification publishes, and secrets that are none (X10)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.alerting.road import Undelivered
from models.alerting.webhook import signed
from models.domain.alert import pause
from tests.alerting import SECRET

pytestmark = pytest.mark.req("X10")
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'


def test_the_signature_is_that_of_the_published_example() -> None:
    headers = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", AT, BODY, SECRET)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_while_a_secret_is_changed_both_sign() -> None:
    other = "whsec_" + "A" * 40
    both = signed("a", AT, BODY, f"{SECRET} {other}")["webhook-signature"].split(" ")
    assert both == [signed("a", AT, BODY, one)["webhook-signature"] for one in (SECRET, other)]


@pytest.mark.parametrize("secret", ["whsec_c2hvcnQ=", "no base64 !!", "hunter2"])
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(Undelivered, match="ACME_HOOK is no secret of Standard Webhooks") as refusal:
        signed("a", AT, BODY, secret, "ACME_HOOK")
    assert secret not in str(refusal.value)


def test_pauses_grow_to_a_quarter_of_an_hour() -> None:
    assert [pause(tries).total_seconds() for tries in (1, 2, 3, 8, 9, 900)] == [5, 10, 20, 640, 900, 900]
