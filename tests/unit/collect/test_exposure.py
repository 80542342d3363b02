"""Nothing beyond loopback without credentials and TLS, and the refusal says what to do (C10, G3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.exposure import exposure, webhook_door
from models.domain.errors import Misconfigured
from models.door import opened
from models.senders import SCOPES, SenderBook
from models.settings import Settings
from tests.unit.collect.certificates import certificate

pytestmark = pytest.mark.req("C10", "G3")
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def settings(home: Path, sender: bool = False, **given: Any) -> Settings:
    made = Settings.model_validate({"home": home, **given})
    if sender:
        SenderBook(made).add("ipaas", SCOPES, "operator", NOW)
    return made


def test_loopback_is_open_to_this_machine(tmp_path: Path) -> None:
    found = exposure(settings(tmp_path))
    assert (found.tls, found.tokens, found.admits("127.0.0.1")) == (None, False, True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "collector.example"])
def test_beyond_it_both_are_asked_for(tmp_path: Path, host: str) -> None:
    with pytest.raises(Misconfigured, match=r"TIEOUT_OTLP_CERT.* and senders .*tieout senders add"):
        exposure(settings(tmp_path, otlp_host=host))
    with pytest.raises(Misconfigured, match="give it TLS") as caught:
        exposure(settings(tmp_path, sender=True, otlp_host=host))
    assert "senders add" not in str(caught.value)


def test_senders_and_a_certificate_open_it_to_tokens(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    given = {"otlp_host": "0.0.0.0", "otlp_cert": cert, "otlp_key": key}
    with pytest.raises(Misconfigured, match="give it senders"):
        exposure(settings(tmp_path, **given))
    found = exposure(settings(tmp_path, sender=True, **given))
    assert found.tls is not None and found.tokens and found.admits("10.9.9.9")


def test_a_revoked_sender_is_none(tmp_path: Path) -> None:
    made = settings(tmp_path, sender=True, otlp_host="0.0.0.0", otlp_proxy="10.0.0.2")
    assert exposure(made).tokens
    SenderBook(made).revoke("ipaas", "operator", NOW + timedelta(days=1))
    with pytest.raises(Misconfigured, match="give it senders"):
        exposure(made)


def test_client_certificates_take_the_place_of_tokens(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    found = exposure(settings(tmp_path, otlp_host="0.0.0.0", otlp_cert=cert, otlp_key=key, otlp_client_ca=cert))
    assert found.tls is not None and found.tls.client_ca == cert and not found.tokens


def test_a_proxy_that_ends_tls_is_the_only_one_that_is_heard(tmp_path: Path) -> None:
    """On loopback too: who is behind it is not on this machine, so tokens are asked for."""
    found = exposure(settings(tmp_path, sender=True, otlp_host="10.0.0.1", otlp_proxy="10.0.0.2"))
    assert found.tls is None and found.tokens
    assert [found.admits(address) for address in ("10.0.0.2", "127.0.0.1", "10.0.0.3")] == [True, True, False]
    assert exposure(settings(tmp_path, otlp_proxy="127.0.0.1")).tokens


@pytest.mark.parametrize("missing", ["otlp_cert", "otlp_key"])
def test_half_a_certificate_and_a_file_that_is_none_are_named(tmp_path: Path, missing: str) -> None:
    cert, key = certificate(tmp_path)
    given = {"otlp_cert": cert, "otlp_key": key}
    with pytest.raises(Misconfigured, match="both"):
        exposure(settings(tmp_path, **{name: value for name, value in given.items() if name != missing}))
    with pytest.raises(Misconfigured, match="cannot be used for TLS"):
        exposure(settings(tmp_path, **{**given, missing: tmp_path / "none.pem"}))
    with pytest.raises(Misconfigured, match="takes IP addresses"):
        exposure(settings(tmp_path, otlp_proxy="proxy.example"))


@pytest.mark.req("C3")
def test_webhooks_have_a_door_of_their_own_by_the_same_rules(tmp_path: Path) -> None:
    """C3: beyond loopback TLS or its proxy, whatever telemetry's door has; senders prove each delivery, so no token."""
    cert, key = certificate(tmp_path)
    telemetry = {"otlp_cert": cert, "otlp_key": key, "otlp_proxy": "10.0.0.9"}
    with pytest.raises(Misconfigured, match=r"TIEOUT_WEBHOOK_HOST=0\.0\.0\.0 .*TIEOUT_WEBHOOK_CERT") as caught:
        opened(webhook_door(settings(tmp_path, webhook_host="0.0.0.0", **telemetry)))
    assert "senders" not in str(caught.value)
    given = {"webhook_host": "0.0.0.0", "webhook_cert": cert, "webhook_key": key}
    assert opened(webhook_door(settings(tmp_path, **given))).tls is not None
    behind = opened(webhook_door(settings(tmp_path, webhook_proxy="10.0.0.2")))
    assert behind.admits("10.0.0.2") and not behind.admits("10.0.0.3")
    assert opened(webhook_door(settings(tmp_path))).tls is None
