"""The master key of an installation: it wraps the key of each subject, and opens no value by itself.

A file, its owner's alone: 128 hex digits a line. The first line wraps, the others still open what an unfinished
rotation left to them.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from models.domain.errors import Misconfigured

BYTES = 64


class Master:
    """Reads its file anew each time, so that whoever wraps does so with the key that is first now."""

    def __init__(self, path: Path, own: bool) -> None:
        """`own` says that the file may be made here; one that was named is given."""
        self.path, self._own = path, own

    def wrap(self, key: bytes, subject: str) -> bytes:
        """A subject's key as it may be stored, bound to that subject. Raises Misconfigured for a file at fault."""
        return AESSIV(self.read()[0]).encrypt(key, [subject.encode()])

    def unwrap(self, wrapped: bytes, subject: str) -> bytes:
        """The key again. Raises Misconfigured when no line of the file opens it: it is of another installation."""
        for key in self.read():
            try:
                return AESSIV(key).decrypt(wrapped, [subject.encode()])
            except InvalidTag:
                continue
        raise Misconfigured(
            f"{self.path} does not open the key of subject {subject}: it is another installation's, or was altered; "
            "restore the file that lay beside these keys from its backup"
        )

    def read(self) -> Sequence[bytes]:
        """Every key of the file. Raises Misconfigured when it is missing, readable by others or holds none."""
        try:
            if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
                raise Misconfigured(f"{self.path} can be read by others: chmod 600 {self.path}")
            keys = [bytes.fromhex(line) for line in self.path.read_text().split()]
        except (OSError, ValueError) as error:
            raise Misconfigured(
                f"the master key of values cannot be read ({error}): put {self.path} back from its backup, "
                "`tieout keys restore FOLDER`, or name another machine's copy in TIEOUT_VALUES_KEY; without it labour "
                "rates, pay and contract values stay sealed"
            ) from error
        if not keys or any(len(key) != BYTES for key in keys):
            raise Misconfigured(f"{self.path} is no master key: each line has {2 * BYTES} hex digits")
        return keys

    def make(self) -> None:
        """A fresh key where there is no file yet; of several processes at once the first one's stays."""
        if self._own and not self.path.exists():
            self.take([secrets.token_bytes(BYTES)])

    def take(self, keys: Sequence[bytes]) -> None:
        """These keys where there is no file yet, as a backup has them; one that is there stays."""
        fresh = self._written(keys)
        try:
            os.link(fresh, self.path)
        except FileExistsError:
            return
        finally:
            fresh.unlink()

    def rotate(self, rewrap: Callable[[], None]) -> None:
        """A new first key, `rewrap` to wrap everything with it, then the old ones go; safe to repeat after a crash."""
        old = self.read()
        os.replace(self._written([secrets.token_bytes(BYTES), *old]), self.path)
        rewrap()
        os.replace(self._written(self.read()[:1]), self.path)

    def _written(self, keys: Sequence[bytes]) -> Path:
        """The keys in a file of their own, durable before it takes its place."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write("".join(f"{key.hex()}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        return fresh
