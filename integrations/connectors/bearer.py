"""A bearer token that all threads of a client share."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock


class Bearer:
    """A token that is fetched when first needed and again once the vendor refused it. Thread-safe."""

    def __init__(self, fetch: Callable[[], str]) -> None:
        self._fetch, self._token, self._lock = fetch, "", Lock()

    @property
    def held(self) -> str:
        """The token in use, empty before the first call; for keeping it out of messages."""
        return self._token

    def token(self, refused: str | None = None) -> str:
        """The token to call with; a new one when the vendor `refused` the one in use."""
        with self._lock:
            if not self._token or self._token == refused:
                self._token = self._fetch()
            return self._token
