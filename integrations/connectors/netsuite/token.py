"""How NetSuite lets us in: a bearer token as given, or OAuth 2 client credentials with a signed assertion."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from integrations.connectors.http import HttpClient
from integrations.contracts.connector import SystemConfig
from models.domain.clock import Clock
from models.domain.errors import Misconfigured

PATH = "/services/rest/auth/oauth2/v1/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token_of(config: SystemConfig, door: HttpClient, clock: Clock) -> str:
    """A token to call with. Credentials: `token`, or `private_key` (PEM), `client_id` and `certificate_id`.

    Raises Misconfigured when none is given or the vendor refuses them.
    """
    given = config.credentials
    if given.get("token"):
        return given["token"]
    if missing := [name for name in ("private_key", "client_id", "certificate_id") if not given.get(name)]:
        raise Misconfigured(
            f"{config.name}: credential token, or {', '.join(missing)}, is not set: name its variable in the systems file"
        )
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion(config, clock),
    }
    reply = door.call(
        "POST", PATH, urlencode(form).encode(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    body = reply.json() if reply.ok else {}
    if isinstance(body, dict) and body.get("access_token"):
        return str(body["access_token"])
    said = door.clean(reply.body[:300].decode("utf-8", "replace"))
    raise door.fault(reply, said) or Misconfigured(
        f"{config.name} refused the signed assertion ({reply.status}): {said}; check key and certificate"
    )


def assertion(config: SystemConfig, clock: Clock) -> str:
    """A JWT signed with PS256 (RFC 7518), good for five minutes."""
    now = int(clock.now().timestamp())
    head = {"typ": "JWT", "alg": "PS256", "kid": config.credentials["certificate_id"]}
    claims = {
        "iss": config.credentials["client_id"],
        "scope": ["rest_webservices"],
        "aud": config.base_url.rstrip("/") + PATH,
        "iat": now,
        "exp": now + 300,
    }
    signed = f"{_packed(head)}.{_packed(claims)}"
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)
    signature = _key(config).sign(signed.encode(), pss, hashes.SHA256())
    return f"{signed}.{_text(signature)}"


def _key(config: SystemConfig) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(config.credentials["private_key"].encode(), None)
    except (ValueError, TypeError):
        raise Misconfigured(f"{config.name}: credential private_key is no unencrypted PEM key") from None
    if not isinstance(key, RSAPrivateKey):
        raise Misconfigured(f"{config.name}: credential private_key is no RSA key: PS256 needs one")
    return key


def _packed(body: dict[str, Any]) -> str:
    return _text(json.dumps(body, separators=(",", ":")).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
