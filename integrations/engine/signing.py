"""How an engine speaks to its collector: each request signed with the key of the installation."""

from __future__ import annotations

import time
from collections.abc import Generator

import httpx

from models.domain.signature import HEADER, signed
from models.installation_key import installation_key
from models.settings import Settings


class Signed(httpx.Auth):
    """Signs each request with the installation's key."""

    requires_request_body = True

    def __init__(self, key: bytes) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[HEADER] = signed(self._key, request.url.path, request.content, time.time())
        yield request


def signed_client(settings: Settings) -> httpx.Client:
    """A client whose requests a collector of this installation takes as its engine's. Raises Misconfigured."""
    return httpx.Client(timeout=30.0, auth=Signed(installation_key(settings)))
