"""The key by which processes of one installation know each other: one file, its owner's alone."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from models.domain.errors import Misconfigured
from models.settings import Settings

_BYTES = 32


def installation_key(settings: Settings) -> bytes:
    """The key in the file TIEOUT_INSTALLATION_KEY; by default it lies in the home and is made when first asked for.

    Raises Misconfigured when the file is missing, readable by others or no key.
    """
    path = settings.installation_key or settings.home / "keys" / "installation.key"
    if settings.installation_key is None and not path.exists():
        _make(path)
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Misconfigured(f"{path} can be read by others: chmod 600 {path}")
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path} is no key ({error}): give every process of this installation its file") from error
    if len(key) < _BYTES:
        raise Misconfigured(f"{path} is too short: a key has {2 * _BYTES} hex digits")
    return key


def _make(path: Path) -> None:
    """A fresh key, whole or not at all; of several processes at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()
