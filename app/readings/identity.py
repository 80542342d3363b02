"""Who asks: OpenID Connect where it is configured, a development user on loopback alone, else nobody (G1, G6).

Groups of the provider grant, and nothing else does: `tieout-<role>` a role, `tieout-<role>.<domain>` the same in one
domain alone, `tieout-entity-<name>` what is a legal entity's, `tieout-entity-*` what is anybody's. With
`@<environment>` behind it a group grants in that environment alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.readings.rights import ROLES, known_roles, without_effect
from app.readings.viewer import Viewer, development_roles
from models.domain.approval import PROVEN
from models.domain.loopback import is_loopback
from models.settings import Settings

GROUP = "tieout-"
ENTITY = "tieout-entity-"
EVERY_ENTITY = "*"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nobody is let in, and what to do; `offer` is the way on: sign in, sign out, or none."""

    title: str
    advice: str
    offer: str | None = None


def recognised(
    settings: Settings,
    claims: Mapping[str, Any],
    address: str | None,
    forwarded: bool,
    now: datetime,
    domains: Collection[str] = (),
) -> Viewer | Refusal:
    """The viewer behind a request, or why there is none; `domains` are those in which a group may grant a role alone.

    `claims` are the identity token's (empty when not signed in), `address` is what the server is bound to, `forwarded`
    says that a proxy stands in between: then loopback is no proof that the person sits at this machine.
    """
    if settings.oidc_metadata_url:
        return _of_claims(claims, now, settings.environment, domains)
    if settings.dev_user and is_loopback(address) and not forwarded:
        roles, nothing = development_roles(settings)
        return Viewer(settings.dev_user, roles, (), "development", settings.environment, without_effect=nothing)
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


def _of_claims(
    claims: Mapping[str, Any], now: datetime, environment: str, domains: Collection[str]
) -> Viewer | Refusal:
    if not claims.get("is_logged_in"):
        return Refusal(
            "Sign in to Tieout", "Your organisation's identity provider says who you are and what you may see.", "in"
        )
    if claims.get("exp") and float(claims["exp"]) < now.timestamp():
        return Refusal("Your session has ended", "Sign in again to go on; nothing you saved is lost.", "in")
    groups = _granted(_texts(claims.get("groups")) + _texts(claims.get("roles")), environment)
    firms = {group.removeprefix(ENTITY) for group in groups if group.startswith(ENTITY)} - {""}
    name = str(claims.get("email") or claims.get("name") or claims.get("sub") or "")
    roles = known_roles(groups, GROUP, domains)
    nothing = without_effect((group for group in groups if not group.startswith(ENTITY)), GROUP, domains)
    if not roles or not name:
        every = ", ".join(GROUP + role for role in ROLES)
        wanted = f"one of the groups {every}, or of one domain alone, such as {GROUP}operations.<domain>"
        return _lacking("No role in Tieout", wanted, environment, nothing)
    if not firms:
        return _lacking(
            "No legal entity in Tieout",
            f"a group for each legal entity whose things you work with ({ENTITY}<name>), or for all ({ENTITY}*); "
            f"of roles you have {', '.join(sorted(roles))}",
            environment,
        )
    entities = () if EVERY_ENTITY in firms else tuple(sorted(firms))
    return Viewer(name, roles, entities, "oidc", environment, _subject(claims), nothing)


def _granted(groups: Sequence[str], environment: str) -> list[str]:
    """The groups that grant something in this environment, without its name."""
    parts = [group.rpartition("@") if "@" in group else (group, "", environment) for group in groups]
    return [group for group, _, where in parts if where == environment]


def _lacking(title: str, groups: str, environment: str, nothing: Sequence[str] = ()) -> Refusal:
    advice = (
        f"Ask whoever keeps the groups of your identity provider for {groups}. This is the environment {environment}."
    )
    return Refusal(title, " ".join([advice, *nothing]), "out")


def _subject(claims: Mapping[str, Any]) -> str:
    """The provider's own word for a person, which no change of name or address changes; none where it gives none."""
    subject = str(claims.get("sub") or "")
    return f"{PROVEN}{claims.get('iss') or ''}|{subject}" if subject else ""


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, Sequence) else []
