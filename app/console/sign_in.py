"""Who is at the screen: OpenID Connect where it is configured, a development user on loopback alone, else nobody (G1)."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from app.console.gatekeeping import is_loopback
from app.readings.rights import known_roles
from app.readings.viewer import Viewer
from models.domain.errors import Misconfigured
from models.settings import Settings

GROUP = "tieout-"
ENTITY = "tieout-entity-"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nobody is let in, and what to do; `offer` is the way on: sign in, sign out, or none."""

    title: str
    advice: str
    offer: str | None = None


def recognised(
    settings: Settings, claims: Mapping[str, Any], address: str | None, forwarded: bool, now: datetime
) -> Viewer | Refusal:
    """The viewer behind a request, or why there is none.

    `claims` are the identity token's (empty when not signed in), `address` is what the server is bound to, `forwarded`
    says that a proxy stands in between: then loopback is no proof that the person sits at this machine.
    """
    if settings.oidc_metadata_url:
        return _of_claims(claims, now, settings.environment)
    if settings.dev_user and is_loopback(address) and not forwarded:
        roles = known_roles(part.strip() for part in settings.dev_roles.split(","))
        return Viewer(settings.dev_user, roles, (), "development", settings.environment)
    if settings.dev_user:
        return Refusal(
            "The console is locked",
            "TIEOUT_DEV_USER works on loopback only: bind the console to 127.0.0.1, or set TIEOUT_OIDC_METADATA_URL.",
        )
    return Refusal(
        "The console is locked",
        "No way to sign in is configured. Set TIEOUT_OIDC_METADATA_URL and its companions for your identity provider, "
        "or TIEOUT_DEV_USER to work alone on this machine.",
    )


def _of_claims(claims: Mapping[str, Any], now: datetime, environment: str) -> Viewer | Refusal:
    if not claims.get("is_logged_in"):
        return Refusal(
            "Sign in to Tieout", "Your organisation's identity provider says who you are and what you may see.", "in"
        )
    if claims.get("exp") and float(claims["exp"]) < now.timestamp():
        return Refusal("Your session has ended", "Sign in again to go on; nothing you saved is lost.", "in")
    groups = _texts(claims.get("groups")) + _texts(claims.get("roles"))
    entities = tuple(sorted(group.removeprefix(ENTITY) for group in groups if group.startswith(ENTITY)))
    name = str(claims.get("email") or claims.get("name") or claims.get("sub") or "")
    roles = known_roles(groups, GROUP)
    if not roles or not name:
        return Refusal(
            "No role in Tieout",
            "Ask your administrator for one of the groups tieout-operations, tieout-finance, "
            "tieout-executive, tieout-auditor.",
            "out",
        )
    return Viewer(name, roles, entities, "oidc", environment)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, Sequence) else []


def oidc_secrets(settings: Settings) -> dict[str, Any] | None:
    """What Streamlit's sign-in reads, from the environment instead of a file; None where no provider is set.

    Raises Misconfigured when companions are missing, all named at once.
    """
    if not settings.oidc_metadata_url:
        return None
    given = {
        "TIEOUT_OIDC_CLIENT_ID": settings.oidc_client_id,
        "TIEOUT_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
        "TIEOUT_OIDC_REDIRECT_URL": settings.oidc_redirect_url,
        "TIEOUT_COOKIE_SECRET": settings.cookie_secret,
    }
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise Misconfigured(f"TIEOUT_OIDC_METADATA_URL needs its companions: set {', '.join(missing)}")
    if not importlib.util.find_spec("authlib"):
        raise Misconfigured("sign-in by OpenID Connect needs Authlib: install it with `pip install 'Authlib>=1.3.2'`")
    return {"auth": _auth(settings)}


def _auth(settings: Settings) -> dict[str, Any]:
    secret, cookie = settings.oidc_client_secret, settings.cookie_secret
    return {
        "server_metadata_url": settings.oidc_metadata_url,
        "client_id": settings.oidc_client_id,
        "client_secret": secret.get_secret_value() if secret else "",
        "redirect_uri": settings.oidc_redirect_url,
        "cookie_secret": cookie.get_secret_value() if cookie else "",
        "client_kwargs": {"scope": "openid profile email groups"},
    }


def viewer(settings: Settings, now: datetime) -> Viewer:
    """The person at the screen; where there is none, draws why and what to do, and ends the page."""
    claims = dict(st.user) if settings.oidc_metadata_url else {}
    forwarded = bool(st.context.headers.get("X-Forwarded-For") or st.context.headers.get("Forwarded"))
    found = recognised(settings, claims, st.get_option("server.address"), forwarded, now)
    if isinstance(found, Viewer):
        return found
    _refuse(found)
    raise AssertionError("unreachable: st.stop ended the page")


def _refuse(refusal: Refusal) -> None:
    st.title(refusal.title, anchor=False)
    st.write(refusal.advice)
    if refusal.offer == "in":
        st.button("Sign in", type="primary", on_click=st.login)
    if refusal.offer == "out":
        st.button("Sign out", on_click=st.logout)
    st.stop()
