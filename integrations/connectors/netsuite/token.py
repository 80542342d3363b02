"""How NetSuite lets us in: a bearer token as given, or OAuth 2 client credentials with a signed assertion."""

from __future__ import annotations

from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from integrations.connectors.credentials import needed
from integrations.connectors.http import HttpClient
from integrations.contracts.connector import SystemConfig
from models.domain.clock import Clock
from models.domain.errors import Misconfigured

PATH = "/services/rest/auth/oauth2/v1/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token_of(config: SystemConfig, http: HttpClient, clock: Clock) -> str:
    """A token to call with. Credentials: `token`, or `private_key` (PEM), `client_id` and `certificate_id`.

    Raises Misconfigured when none is given or the vendor refuses them.
    """
    given = config.credentials
    if given.get("token"):
        return given["token"]
    needed(config, "private_key", "client_id", "certificate_id", instead_of="token")
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion(config, clock),
    }
    reply = http.call(
        "POST", PATH, urlencode(form).encode(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    body = reply.json() if reply.ok else {}
    if isinstance(body, dict) and body.get("access_token"):
        return str(body["access_token"])
    said = http.clean(reply.body[:300].decode("utf-8", "replace"))
    raise http.fault(reply, said) or Misconfigured(
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
    return jwt.encode(head, claims, _key(config), algorithms=["PS256"])


def _key(config: SystemConfig) -> RSAKey:
    try:
        key = RSAKey.import_key(config.credentials["private_key"])
    except (ValueError, TypeError, JoseError):
        key = None
    if key is None or not key.is_private:
        raise Misconfigured(
            f"{config.name}: credential private_key is no unencrypted PEM key of kind RSA: PS256 needs one"
        )
    return key
