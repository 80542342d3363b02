"""The audit key and signed checkpoint notes (C2SP signed-note and tlog-checkpoint, Ed25519).

<origin>
<number of seals>
<root of the tree of seals, base64>
last-batch <batch id>
signed-at <ISO 8601>

— <origin> <base64 of 4 bytes key id and the signature>
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.domain.errors import Misconfigured
from models.settings import Settings


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a note says about the tree of seals: its size, its root, the last batch under it."""

    origin: str
    size: int
    root: bytes
    last_batch: int
    signed_at: datetime

    @property
    def text(self) -> str:
        """The signed part of the note."""
        root = base64.b64encode(self.root).decode()
        signed = f"last-batch {self.last_batch}\nsigned-at {self.signed_at.isoformat()}"
        return f"{self.origin}\n{self.size}\n{root}\n{signed}\n"


class BadNote(Exception):
    """A checkpoint note is malformed or its signature does not hold."""


def key_folder(settings: Settings) -> Path:
    return settings.home.absolute() / "keys"


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The audit key of this home, made on first use (mode 0600) with its public half beside it."""
    file = key_folder(settings) / "audit.pem"
    if file.exists():
        return _private(file)
    key = Ed25519PrivateKey.generate()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_private(file, pem)
    (file.parent / "audit.pub").write_text(verifier_text(key.public_key()) + "\n")
    return key


def public_key(settings: Settings) -> Ed25519PublicKey | None:
    """The audit key's public half, or None where no checkpoint was ever made."""
    file = key_folder(settings) / "audit.pub"
    if file.exists():
        return key_from_text(file.read_text())
    private = key_folder(settings) / "audit.pem"
    return _private(private).public_key() if private.exists() else None


def origin(key: Ed25519PublicKey) -> str:
    """The log's name, which carries the key's first bytes so that two lakes never share it."""
    return f"tieout-audit-lake/{sha256(_raw(key)).hexdigest()[:16]}"


def verifier_text(key: Ed25519PublicKey) -> str:
    """The public key as a C2SP verifier key: `<name>+<key id>+<base64>`."""
    name = origin(key)
    encoded = base64.b64encode(b"\x01" + _raw(key)).decode()
    return f"{name}+{_key_id(name, key).hex()}+{encoded}"


def key_from_text(text: str) -> Ed25519PublicKey:
    """The key of a verifier key's text. Raises Misconfigured when it is none."""
    try:
        raw = base64.b64decode(text.strip().split("+", 2)[2], validate=True)
        return Ed25519PublicKey.from_public_bytes(raw[1:])
    except (IndexError, ValueError) as error:
        raise Misconfigured(
            "keys/audit.pub is no Ed25519 verifier key (<name>+<key id>+<base64>): restore it from its copy"
        ) from error


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note."""
    public = key.public_key()
    signature = _key_id(checkpoint.origin, public) + key.sign(checkpoint.text.encode())
    return f"{checkpoint.text}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def opened(note: str, key: Ed25519PublicKey) -> Checkpoint:
    """What a note says, once its signature by `key` holds. Raises BadNote."""
    try:
        text, _, signature = note.partition("\n\n— ")
        name, _, encoded = signature.strip().partition(" ")
        raw = base64.b64decode(encoded, validate=True)
        if name != origin(key) or raw[:4] != _key_id(name, key):
            raise BadNote("signed by another key")
        key.verify(raw[4:], (text + "\n").encode())
        lines = text.split("\n")
        return Checkpoint(
            lines[0],
            int(lines[1]),
            base64.b64decode(lines[2], validate=True),
            int(lines[3].split()[1]),
            datetime.fromisoformat(lines[4].split()[1]),
        )
    except InvalidSignature:
        raise BadNote("the signature does not hold") from None
    except (IndexError, ValueError) as error:
        raise BadNote(f"malformed ({error})") from error


def _private(file: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise Misconfigured(f"{file} is no Ed25519 key: restore the audit key from its copy")
    return key


def _write_private(file: Path, content: bytes) -> None:
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(fresh, file)


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _key_id(name: str, key: Ed25519PublicKey) -> bytes:
    return sha256(name.encode() + b"\n\x01" + _raw(key)).digest()[:4]
