"""The way back from sign-in leads to a page of this console or to the first one, and says what went wrong."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from app.console.returning import PLACE, TROUBLE, UNCONFIRMED, UNREACHABLE, Returning, explained

SIGNED_IN = (b"set-cookie", b"_streamlit_user=2|1:0|x; Path=/")


def answered(path: str, *answer: tuple[bytes, bytes], status: int = 302, base: str = "/", **request: str) -> Any:
    """Status, location and cookies of what the person gets of this answer of Streamlit's."""
    sent: list[Any] = []

    async def route(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(answer)})
        await send({"type": "http.response.body", "body": b"Authentication error"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    query = request.pop("query", "")
    headers = [(b"host", b"console.example"), *((name.encode(), value.encode()) for name, value in request.items())]
    scope = {"type": "http", "path": path, "query_string": query.encode(), "headers": headers}
    asyncio.run(Returning(route, base)(scope, receive, send))
    told = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    cookies = dict(value.split(";")[0].split("=", 1) for name, value in told if name == "set-cookie")
    return sent[0]["status"], dict(told).get("location"), cookies


@pytest.mark.req("G1")
def test_the_page_that_was_asked_for_is_kept_on_the_way_to_the_provider() -> None:
    referer = "https://console.example/journey?q=TE-kantata-7"
    _, _, cookies = answered("/auth/login", (b"location", b"https://id.example/"), referer=referer)
    assert cookies == {PLACE: quote("/journey?q=TE-kantata-7")}
    assert answered("/auth/login", referer="https://other.example/x")[2] == {}


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    ("kept", "base", "to"),
    [
        ("/journey?q=TE-kantata-7", "/", "/journey?q=TE-kantata-7"),
        ("/tieout/margin", "/tieout", "/tieout/margin"),
        ("/margin", "/tieout", "/tieout"),
        ("//evil.example/x", "/", "/"),
        ("https://evil.example/x", "/", "/"),
        ("/\\evil.example", "/", "/"),
        ("/x\r\nset-cookie: a=b", "/", "/"),
        ("", "/", "/"),
    ],
)
def test_who_is_signed_in_comes_back_to_it_and_never_elsewhere(kept: str, base: str, to: str) -> None:
    location, cookie = (b"location", base.encode()), f"{PLACE}={quote(kept)}"
    _, found, cookies = answered("/oauth2callback", SIGNED_IN, location, base=base, query="code=1", cookie=cookie)
    assert found == to
    assert cookies[PLACE] == cookies[TROUBLE] == ""


@pytest.mark.req("G1")
def test_what_went_wrong_is_told_to_the_person() -> None:
    root = (b"location", b"/")
    assert answered("/oauth2callback", root, query="error=access_denied")[2] == {TROUBLE: "access_denied"}
    assert answered("/oauth2callback", root, query="error=%3Cb%3E")[2] == {TROUBLE: UNCONFIRMED}
    assert answered("/oauth2callback", root, query="code=1")[2] == {TROUBLE: UNCONFIRMED}
    assert answered("/oauth2callback", root)[2] == {}, "signing out comes this way too"
    assert answered("/auth/login", (b"content-length", b"20"), status=400) == (302, "/", {TROUBLE: UNREACHABLE})
    assert "invalid_scope" in explained("invalid_scope") and not explained("")
