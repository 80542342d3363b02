"""Sign-in at the console: who is at the screen, or why there is nobody and what to do (G1)."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from datetime import datetime
from typing import Any

import streamlit as st

from app.console.returning import TROUBLE, explained
from app.readings.identity import Refusal, recognised
from app.readings.viewer import Viewer
from models.domain.errors import Misconfigured
from models.settings import Settings


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
        # Streamlit asks for `select_account` otherwise, which not every provider knows.
        "client_kwargs": {"scope": "openid profile email groups", "prompt": ""},
    }


def viewer(settings: Settings, now: datetime, domains: Collection[str]) -> Viewer:
    """The person at the screen; where there is none, draws why and what to do, and ends the page. `domains` are those
    in which alone a role may be held.
    """
    claims = dict(st.user) if settings.oidc_metadata_url else {}
    forwarded = bool(st.context.headers.get("X-Forwarded-For") or st.context.headers.get("Forwarded"))
    found = recognised(settings, claims, st.get_option("server.address"), forwarded, now, domains)
    if isinstance(found, Viewer):
        return found
    _refuse(found)
    raise AssertionError("unreachable: st.stop ended the page")


def _refuse(refusal: Refusal) -> None:
    st.title(refusal.title, anchor=False)
    st.write(refusal.advice)
    if refusal.offer == "in":
        if trouble := explained(st.context.cookies.get(TROUBLE, "")):
            st.error(trouble, icon=":material/error:")
        st.button("Sign in", type="primary", on_click=st.login)
    if refusal.offer == "out":
        st.button("Sign out", on_click=st.logout)
    st.stop()
