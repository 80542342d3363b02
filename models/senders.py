"""Senders: who may send telemetry from elsewhere, each known by a token of which only the hash is kept.

One file in the home, its owner's alone. It is replaced whole by who changes it and read again by collectors when it
moved, so that a revoked token opens nothing any more within a second.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from models.domain.errors import Misconfigured
from models.settings import Settings

SCOPES = ("traces", "logs", "events")  # what a sender may send; `metrics` lets it read ours
READING = "metrics"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_PREFIX = "tieout_"


@dataclass(frozen=True, slots=True)
class Sender:
    """One sender. `scopes` are what it may send; times are ISO 8601, UTC."""

    name: str
    digest: str
    scopes: tuple[str, ...]
    added_at: str
    added_by: str
    revoked_at: str | None = None
    revoked_by: str | None = None
    last_seen: str | None = None


class SenderBook:
    """The senders of an installation."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.senders or settings.home / "keys" / "senders.json"
        self._stamp: tuple[int, int] | None = None
        self._known: dict[str, Sender] = {}

    def all(self) -> tuple[Sender, ...]:
        """Every sender by name, the revoked too. Raises Misconfigured for a file that cannot be read."""
        self._refresh()
        return tuple(sorted(self._known.values(), key=lambda sender: sender.name))

    def of(self, token: str) -> Sender | None:
        """The sender that a token belongs to, None for one that is unknown or revoked."""
        self._refresh()
        digest = _digest(token)
        return next((one for one in self._known.values() if one.digest == digest and one.revoked_at is None), None)

    @property
    def any(self) -> bool:
        """Whether anybody may send."""
        return any(sender.revoked_at is None for sender in self.all())

    def add(self, name: str, scopes: tuple[str, ...], by: str, now: datetime) -> str:
        """A new sender's token, which is shown this once. Raises Misconfigured for a name that is taken or none."""
        if not _NAME.fullmatch(name):
            raise Misconfigured(f"a sender's name is of a-z, 0-9, dot, dash and underscore, not {name[:60]!r}")
        if unknown := set(scopes) - {*SCOPES, READING}:
            raise Misconfigured(f"a sender may {', '.join((*SCOPES, READING))}, not {', '.join(sorted(unknown))}")
        token = f"{_PREFIX}{secrets.token_urlsafe(32)}"
        with self._changing() as known:
            if name in known and known[name].revoked_at is None:
                raise Misconfigured(f"there is a sender {name!r}: revoke it first, or give another name")
            known[name] = Sender(name, _digest(token), scopes, now.isoformat(), by)
        return token

    def revoke(self, name: str, by: str, now: datetime) -> None:
        """From now on the sender's token opens nothing. Raises Misconfigured for one that is not there."""
        with self._changing() as known:
            if name not in known or known[name].revoked_at is not None:
                raise Misconfigured(f"there is no sender {name!r} to revoke: see `tieout senders list`")
            known[name] = replace(known[name], revoked_at=now.isoformat(), revoked_by=by)

    def seen(self, times: Mapping[str, datetime]) -> None:
        """Keep when senders were last heard."""
        with self._changing() as known:
            for name in times.keys() & known.keys():
                known[name] = replace(known[name], last_seen=times[name].isoformat())

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Sender]]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._refresh()
            known = dict(self._known)
            yield known
            self._write(known)
        finally:
            os.close(handle)

    def _write(self, known: Mapping[str, Sender]) -> None:
        fresh = self._path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump([asdict(sender) for sender in known.values()], file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self._path)

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._stamp, self._known = None, {}
            return
        if (stamp := (stat.st_mtime_ns, stat.st_ino)) != self._stamp:
            self._known, self._stamp = _read(self._path), stamp


def _read(path: Path) -> dict[str, Sender]:
    try:
        held = [Sender(**{**one, "scopes": tuple(one["scopes"])}) for one in json.loads(path.read_text())]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Misconfigured(f"{path} is no list of senders ({error}): restore it from its copy") from error
    return {sender.name: sender for sender in held}


def _digest(token: str) -> str:
    """Tokens have 256 random bits: a plain hash tells nothing of them."""
    return hashlib.sha256(token.encode()).hexdigest()
