"""Who may see and do what, and who is let in at all."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from app.console.gatekeeping import HEADERS, Gatekeeping, names_of
from app.console.sign_in import oidc_secrets
from app.console.view import views
from app.readings.identity import Refusal, recognised
from app.readings.margin import QUESTION as MARGIN
from app.readings.rights import ROLES, Action, amount_class, known_roles
from app.readings.scope import may_see
from app.readings.viewer import ANYWHERE, Viewer
from models.canonical.classification import DataClass
from models.domain.errors import Misconfigured
from models.domain.loopback import is_loopback
from models.settings import Settings

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DEVELOPMENT = Settings(dev_user="mara", dev_roles="operations, finance, nonsense")
PROVIDER = Settings(dev_user="mara", oidc_metadata_url="https://id.example/.well-known/openid-configuration")


@pytest.mark.req("G1")
def test_every_role_has_pages_and_least_privilege_holds() -> None:
    """G1: nobody but operations and administrators replays; executives and auditors change nothing."""
    assert {name for name, role in ROLES.items() if Action.REPLAY in role.actions} == {"operations", "administrator"}
    assert not {Action.TRIAGE, Action.REPLAY, Action.IGNORE} & (ROLES["auditor"].actions | ROLES["executive"].actions)
    assert {name for name in ROLES for view in views() if Viewer("x", frozenset({name})).may_ask(view.question)} == set(
        ROLES
    )


@pytest.mark.req("G2")
def test_an_administrator_sees_no_rates() -> None:
    """G2: running the software is no reason to read what people earn."""
    admin = Viewer("root", frozenset({"administrator"}))
    assert admin.may_ask(MARGIN)
    assert not admin.sees(DataClass.LABOUR_RATE)
    assert not admin.may(Action.REVEAL)
    assert all(DataClass.COMPENSATION not in role.clear for role in ROLES.values())


@pytest.mark.req("G2")
def test_finance_and_executives_alone_see_what_one_thing_is_worth() -> None:
    """G2: one rule for pages, payloads and files; sums over several things are open."""
    secret = {
        amount_class(entity)
        for entity in ("time_entry", "milestone", "contract", "opportunity", "invoice", "something new", None)
    }
    assert secret == {DataClass.LABOUR_RATE, DataClass.CONTRACT_VALUE} and amount_class("expense") is DataClass.INTERNAL
    assert (
        {name for name, role in ROLES.items() if secret & role.clear}
        == {name for name, role in ROLES.items() if secret <= role.clear}
        == {"finance", "executive"}
    )


def test_a_disabled_button_says_why_and_whom_to_ask() -> None:
    reason = Viewer("eve", frozenset({"executive"})).why_not(Action.REPLAY, ANYWHERE)
    assert reason is not None
    assert "executive" in reason and "operations" in reason
    assert Viewer("ops", frozenset({"operations"})).why_not(Action.REPLAY, ANYWHERE) is None


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    ("address", "forwarded"), [("0.0.0.0", False), (None, False), ("", False), ("10.0.0.5", False), ("127.0.0.1", True)]
)
def test_the_development_user_is_refused_beyond_loopback(address: str | None, forwarded: bool) -> None:
    """G1: no way in by default from another machine, nor through a proxy."""
    assert isinstance(recognised(DEVELOPMENT, {}, address, forwarded, NOW), Refusal)


@pytest.mark.req("G1")
def test_the_development_user_works_on_loopback_with_known_roles_alone() -> None:
    found = recognised(DEVELOPMENT, {}, "127.0.0.1", False, NOW)
    assert isinstance(found, Viewer)
    assert (found.name, found.roles) == ("mara", {"operations", "finance"})


@pytest.mark.req("G1")
def test_without_any_sign_in_the_console_is_locked() -> None:
    found = recognised(Settings(), {}, "127.0.0.1", False, NOW)
    assert isinstance(found, Refusal)
    assert "TIEOUT_OIDC_METADATA_URL" in found.advice


@pytest.mark.req("G1")
def test_a_provider_leaves_no_room_for_the_development_user() -> None:
    found = recognised(PROVIDER, {}, "127.0.0.1", False, NOW)
    assert isinstance(found, Refusal)
    assert found.offer == "in"


@pytest.mark.req("G1")
def test_claims_become_roles_and_legal_entities() -> None:
    claims: dict[str, Any] = {
        "is_logged_in": True,
        "email": "li@example.com",
        "groups": ["tieout-finance", "tieout-entity-NOV-DE", "staff"],
        "exp": NOW.timestamp() + 60,
    }
    found = recognised(PROVIDER, claims, "0.0.0.0", True, NOW)
    assert found == Viewer("li@example.com", frozenset({"finance"}), ("NOV-DE",))


DOMAINS = ("people", "sales")


def let_in(*groups: str, environment: str = "production") -> Viewer | Refusal:
    claims = {"is_logged_in": True, "email": "li@example.com", "groups": list(groups)}
    return recognised(PROVIDER.model_copy(update={"environment": environment}), claims, "0.0.0.0", True, NOW, DOMAINS)


@pytest.mark.req("G1", "G6")
@pytest.mark.parametrize("groups", [(), ("tieout-entity-",), ("tieout-entity-NOV-DE@sandbox",), ("NOV-DE", "*")])
def test_who_was_granted_no_legal_entity_is_told_what_to_ask_for(groups: tuple[str, ...]) -> None:
    """G6: a group that was forgotten closes the door instead of opening all of it."""
    refused = let_in("tieout-finance", *groups)
    assert isinstance(refused, Refusal)
    assert "legal entity" in refused.title and refused.offer == "out"
    assert all(word in refused.advice for word in ("tieout-entity-<name>", "tieout-entity-*", "finance", "production"))


@pytest.mark.req("G1", "G6")
def test_all_legal_entities_are_a_grant_of_their_own() -> None:
    found = let_in("tieout-auditor", "tieout-entity-*", "tieout-entity-NOV-DE")
    assert isinstance(found, Viewer)
    assert found.entities == () and may_see(found, None)


@pytest.mark.req("G1")
def test_a_group_may_grant_in_one_environment_alone() -> None:
    """G1: who operates the sandbox is not thereby let into production."""
    groups = ("tieout-operations@sandbox", "tieout-auditor", "tieout-entity-NOV-UK@sandbox", "tieout-entity-NOV-DE")
    sandbox, production = let_in(*groups, environment="sandbox"), let_in(*groups)
    assert isinstance(sandbox, Viewer) and isinstance(production, Viewer)
    assert (sandbox.roles, sandbox.entities) == ({"operations", "auditor"}, ("NOV-DE", "NOV-UK"))
    assert (production.roles, production.entities) == ({"auditor"}, ("NOV-DE",))
    assert isinstance(let_in("tieout-operations@sandbox", "tieout-entity-*"), Refusal)


@pytest.mark.req("G1")
def test_a_group_may_grant_a_role_in_one_domain_alone() -> None:
    """G1: and in one environment beside; what grants it in every domain takes the place of what grants it in one."""
    groups = ("tieout-operations.people", "tieout-finance.sales@production", "tieout-finance.people@sandbox")
    found = let_in(*groups, "tieout-auditor", "tieout-auditor.people", "tieout-entity-*")
    assert isinstance(found, Viewer) and found.without_effect == ()
    assert found.roles == {"operations.people", "finance.sales", "auditor"}
    assert found.may(Action.REPLAY, "people") and not found.may(Action.REPLAY, "sales") and not found.may(Action.REPLAY)
    assert found.may(Action.WRITE_OFF, "sales") and found.may(Action.EXPORT)


@pytest.mark.req("G1")
def test_a_group_of_an_unheard_of_domain_grants_nothing_and_is_told() -> None:
    wrong = ("tieout-finance.hr", "tieout-finance.", "tieout-clerk", "tieout-entity-NOV-DE.people")
    found = let_in("tieout-auditor", *wrong)
    assert isinstance(found, Viewer)
    assert (found.roles, found.entities) == ({"auditor"}, ("NOV-DE.people",))
    named = ["“tieout-clerk”", "“tieout-finance.”", "“tieout-finance.hr”"]
    assert [one.partition(" ")[0] for one in found.without_effect] == named
    assert (
        "'hr' is no domain, these are: people, sales." in found.granted_by and "'clerk' is no role" in found.granted_by
    )
    refused = let_in("tieout-finance.hr", "tieout-entity-*")
    assert isinstance(refused, Refusal) and "'hr' is no domain" in refused.advice


@pytest.mark.req("G1")
def test_the_development_user_may_hold_a_role_in_one_domain() -> None:
    settings = Settings(dev_user="mara", dev_roles="operations.people, finance.nowhere, auditor")
    found = recognised(settings, {}, "127.0.0.1", False, NOW)
    assert isinstance(found, Viewer) and found.roles == {"operations.people", "auditor"}
    assert "“finance.nowhere” grants nothing" in found.granted_by
    reason = found.why_not(Action.REPLAY, {"time-to-bill": "finance"})
    assert reason == (
        "You may “replay” in the domain people alone, and outside it is time-to-bill (finance). "
        "On this machine TIEOUT_DEV_ROLES grants it: operations.finance, or operations for every domain."
    )


ENTITLED = ["tieout-finance", "tieout-entity-*"]


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    "claims",
    [
        {"is_logged_in": True, "email": "li@example.com", "groups": ENTITLED, "exp": NOW.timestamp() - 1},
        {"is_logged_in": True, "email": "li@example.com", "groups": ["finance", "tieout-entity-*"]},
        {"is_logged_in": True, "groups": ENTITLED},
    ],
)
def test_expired_unknown_and_nameless_people_stay_out(claims: dict[str, Any]) -> None:
    """G1: Streamlit keeps its cookie for 30 days, so `exp` is checked on each run."""
    assert isinstance(recognised(PROVIDER, claims, "127.0.0.1", False, NOW), Refusal)


def test_a_half_configured_provider_names_everything_that_is_missing() -> None:
    """N4: all faults in one message."""
    with pytest.raises(Misconfigured) as fault:
        oidc_secrets(PROVIDER)
    assert all(
        name in str(fault.value)
        for name in (
            "TIEOUT_OIDC_CLIENT_ID",
            "TIEOUT_OIDC_CLIENT_SECRET",
            "TIEOUT_OIDC_REDIRECT_URL",
            "TIEOUT_COOKIE_SECRET",
        )
    )
    assert oidc_secrets(Settings()) is None


def test_role_names_are_taken_with_their_prefix_alone() -> None:
    assert known_roles(["tieout-auditor", "auditor"], "tieout-") == {"auditor"}


@pytest.mark.req("G1")
def test_loopback_is_judged_by_address() -> None:
    assert all(is_loopback(address) for address in ("127.0.0.1", "127.0.0.2", "::1", "localhost"))
    assert not any(is_loopback(address) for address in ("0.0.0.0", "::", "", None, "example.com", "192.168.1.2"))


async def _answered(host: str | None, settings: Settings, proxied: bool = False, **more: str) -> dict[str, Any]:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    told = {
        **({} if host is None else {"host": host}),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    headers = [(name.encode(), value.encode()) for name, value in told.items()]
    scope = {"type": "http", "headers": headers, "method": "GET", "path": "/", "server": ("10.0.0.9", 8501)}
    await Gatekeeping(app, names_of(settings), proxied=proxied)(scope, receive, send)
    return dict(sent[0])


def status(host: str | None, settings: Settings, proxied: bool = False, **more: str) -> int:
    return int(asyncio.run(_answered(host, settings, proxied, **more))["status"])


OPEN = Settings(host="0.0.0.0", oidc_redirect_url="https://Console.Example:8443/tieout/oauth2callback")


@pytest.mark.req("G1")
@pytest.mark.parametrize("settings", [Settings(), OPEN], ids=["on loopback", "beyond it"])
@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:8501", 200),
        ("localhost", 200),
        ("[::1]:8501", 200),
        ("10.0.0.9:8501", 200),
        (None, 200),
        ("evil.example", 421),
        ("10.0.0.8", 421),
        ("127.0.0.1.evil.example:8501", 421),
        ("", 421),
    ],
)
def test_a_name_that_only_points_here_is_refused(settings: Settings, host: str | None, expected: int) -> None:
    """G1: a web page that rebinds its own name to this machine gets nothing; who was called by the address at which it
    was reached, or is asked by a probe that names nobody, answers.
    """
    assert status(host, settings, x_forwarded_host="127.0.0.1") == expected


@pytest.mark.req("G1")
def test_the_names_are_those_by_which_people_open_it() -> None:
    assert status("console.example:8443", OPEN) == status("CONSOLE.example", OPEN) == 200
    assert status("console.example", Settings()) == 421
    links = Settings(host="0.0.0.0", console_url="https://ümlaut.example")
    assert status("xn--mlaut-jva.example", links) == 200 and status("other.example", links) == 421
    renamed = {"x_forwarded_host": "console.example:8443"}
    assert status("upstream", OPEN, True, **renamed) == 200, "a proxy that is the only way in says how it was called"
    assert status("upstream", OPEN, **renamed) == status("upstream", OPEN, True, x_forwarded_host="evil.example") == 421
    for wrong in (
        "console.example",
        "ftp://console.example",
        "https://a b",
        "https://[::",
        "https://a:b",
        "https://x;y",
    ):
        with pytest.raises(Misconfigured, match=r"TIEOUT_CONSOLE_URL is .*people open it"):
            names_of(Settings(console_url=wrong))


@pytest.mark.req("G1")
def test_pages_open_sockets_to_the_console_and_to_nobody_else() -> None:
    """G1: what a page was made to run cannot hand what it shows to a socket elsewhere."""
    answer = asyncio.run(_answered("console.example:8443", OPEN))
    told = {name.decode(): value.decode() for name, value in answer["headers"]}
    assert told.keys() >= set(HEADERS)
    policy = dict(part.strip().partition(" ")[::2] for part in told["content-security-policy"].split(";"))
    own = {"ws://127.0.0.1:8501", "ws://localhost:8501", "wss://console.example:8443"}
    assert set(policy["connect-src"].split()) == {"'self'", "data:", "blob:", *own}
