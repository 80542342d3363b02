"""Seals single values, each with the key of whom it is about, and opens them again."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from models.canonical.classification import DataClass
from models.domain.errors import Misconfigured, TieoutError
from models.keys.backup import backed_up, restored, unwrapped
from models.keys.master import BYTES, Master
from models.keys.subject_keys import Kept, Name, Stored, SubjectKeys
from models.settings import Settings

PREFIX = "enc:v1:"
SEALED = re.compile(r"enc:v1:(rate|pay|value)\.([0-9a-f]{16})\.([0-9a-f]+)")
"""Its class, its subject, and hex: text of a larger alphabet would now and then read like somebody's credential, and be
masked for good.
"""
WORDS = {DataClass.LABOUR_RATE: "rate", DataClass.COMPENSATION: "pay", DataClass.CONTRACT_VALUE: "value"}
"""The classes that are sealed, as a sealed value says its own: who is cleared for one opens no other."""
_CLASSES = {word: kind for kind, word in WORDS.items()}
ERASED = '"erased"'
"""What a value reads as, in JSON, once the key of its subject was dropped."""
FORGOTTEN_SECONDS = 30.0
"""How long a process may go on with a key that was erased elsewhere."""
_BLOCK, _MOST = 16, 50_000


class Altered(TieoutError):
    """A sealed value does not open with the key of its subject: it is not what was sealed."""

    code = "value-altered"


class Keyring:
    """The keys of one installation; usable from many threads. Nothing is made on disk before the first value is sealed.

    Equal values of one subject are equal text, so that what changed can be told; of two subjects they never are. All
    are padded, so that a length tells no digits.
    """

    def __init__(self, settings: Settings) -> None:
        given = settings.values_key
        self.master = Master(given or settings.home / "keys" / "values.key", own=given is None)
        self._stored, self._lock = SubjectKeys(settings), threading.Lock()
        self._ids: dict[Name, tuple[str, AESSIV]] = {}
        self._keys: dict[str, AESSIV | None] = {}
        self._sealed: dict[tuple[Name, str, str], str] = {}
        self._opened: dict[str, str] = {}
        self._bodies: dict[Any, Any] = {}
        self._erasures, self._looked = 0, 0.0

    def seal(self, name: Name, value: str, kind: DataClass) -> str:
        """A JSON value of a class of WORDS as sealed text, with the key of the subject that has this name.

        Raises Misconfigured where the master key is missing, though values were sealed with it, or at fault.
        """
        self._fresh()
        known = (name, value, kind._value_)  # hashing the word is done in C, hashing the enum is not
        if (done := self._sealed.get(known)) is not None:
            return done
        subject, key = self._of(name)
        raw, head = value.encode(), f"{WORDS[kind]}.{subject}"
        padded = raw + b" " * (-len(raw) % _BLOCK)  # blanks behind a JSON value mean nothing
        sealed = f"{PREFIX}{head}.{key.encrypt(padded, [head.encode()]).hex()}"
        return _kept(self._sealed, known, sealed)

    def opened(self, sealed: str) -> str:
        """The JSON value that was sealed; `"erased"` when its subject's key was dropped.

        Raises Altered for text that is not what was sealed, Misconfigured where the key is missing.
        """
        self._fresh()
        if (done := self._opened.get(sealed)) is not None:
            return done
        found = SEALED.fullmatch(sealed)
        if found is None:
            raise Altered(f"{sealed[:40]!r} is no sealed value")
        word, subject, text = found.groups()
        key = self._key(subject)
        if key is None:
            return ERASED
        try:
            raw = key.decrypt(bytes.fromhex(text), [f"{word}.{subject}".encode()])
        except (InvalidTag, ValueError) as error:
            raise Altered(f"a value of subject {subject} is not what was sealed: `tieout verify` says where") from error
        return _kept(self._opened, sealed, raw.decode().rstrip(" "))

    @property
    def bodies(self) -> dict[Any, Any]:
        """What `models.keys.sealing` remembers of bodies; empty once somebody was erased."""
        self._fresh()
        return self._bodies

    def know(self, names: Iterable[Name]) -> None:
        """Have the keys of these subjects at hand, those that are new made in one transaction."""
        wanted = sorted({name for name in names if name not in self._ids})
        if not wanted:
            return
        self._provide()
        for name, one in self._stored.of(wanted, self._made).items():
            if one.wrapped is not None:
                self._ids[name] = (one.subject, AESSIV(self.master.unwrap(one.wrapped, one.subject)))

    def fetch(self, sealed: Iterable[str]) -> None:
        """Have the keys that open these values at hand, read at once: of many subjects one by one costs a second."""
        self._fresh()
        found = {parts[2] for one in sealed if (parts := SEALED.fullmatch(one))} - self._keys.keys()
        for one in self._stored.wrapped(found):
            self._keys[one.subject] = self._unwrapped(one)

    def erase(self, name: Name, at: str) -> bool:
        """Drop the key of a subject: what was sealed with it reads as erased from now on, here at once and elsewhere
        within FORGOTTEN_SECONDS. Whether there was one.
        """
        done = self._stored.erase(name, at)
        self._forget()
        return done

    def erasures(self) -> int:
        """How many subjects were erased, as far as this process knows: what was derived before one more holds values
        that are to be gone.
        """
        self._fresh()
        return self._erasures

    def subjects(self) -> list[Kept]:
        """Every subject, the erased too, which have no name any more."""
        return self._stored.rows()

    def sound(self) -> int:
        """How many keys the master key opens. Raises Misconfigured where it is missing or does not open one of them."""
        rows = [row for row in self._stored.rows() if row.wrapped]
        return len(unwrapped(self.master, rows)) if rows else 0

    def back_up(self, folder: Path) -> int:
        """Write the keys into a new folder (`models.keys.backup` says what it raises); how many subjects have one."""
        return backed_up(self.master, self._stored, folder)

    def restore(self, folder: Path) -> int:
        """Put back the keys that are missing here (`models.keys.backup` says what it raises); how many."""
        count = restored(self.master, self._stored, folder)
        self._forget()
        return count

    def rotate(self) -> int:
        """Give the installation a new master key; the subjects' keys, and so all that is sealed, stay. How many."""
        if not self._stored.count():
            self._provide()
        count = 0

        def rewrap() -> None:
            nonlocal count
            count = self._stored.rewrap(
                lambda subject, wrapped: self.master.wrap(self.master.unwrap(wrapped, subject), subject)
            )

        self.master.rotate(rewrap)
        return count

    def _of(self, name: Name) -> tuple[str, AESSIV]:
        while (found := self._ids.get(name)) is None:
            self.know([name])
        return found

    def _made(self, subject: str) -> bytes:
        return self.master.wrap(secrets.token_bytes(BYTES), subject)

    def _provide(self) -> None:
        """A master key at the very beginning; never a second one beside keys that another wrapped."""
        if not self.master.path.exists() and not self._stored.count():
            self.master.make()

    def _key(self, subject: str) -> AESSIV | None:
        if subject not in self._keys:
            stored = self._stored.wrapped([subject])
            if not stored:
                raise Misconfigured(
                    f"the key of subject {subject} is not here: put the installation's keys back from their backup, "
                    "`tieout keys restore FOLDER`"
                )
            self._keys[subject] = self._unwrapped(stored[0])
        return self._keys[subject]

    def _unwrapped(self, one: Stored) -> AESSIV | None:
        return None if one.wrapped is None else AESSIV(self.master.unwrap(one.wrapped, one.subject))

    def _fresh(self) -> None:
        """Look now and then whether a key was erased elsewhere."""
        if time.monotonic() - self._looked < FORGOTTEN_SECONDS:
            return
        with self._lock:
            erasures, self._looked = self._stored.erasures(), time.monotonic()
            if erasures != self._erasures:
                self._forget()
            self._erasures = erasures

    def _forget(self) -> None:
        for held in (self._ids, self._keys, self._sealed, self._opened, self._bodies):
            held.clear()


def class_of_sealed(sealed: str) -> DataClass | None:
    """The class that a sealed value says it is of; None for text that is none."""
    found = SEALED.fullmatch(sealed)
    return None if found is None else _CLASSES[found[1]]


def _kept(memory: dict[Any, str], key: object, value: str) -> str:
    """Remembered, within bounds."""
    if len(memory) >= _MOST:
        memory.clear()
    memory[key] = value
    return value
