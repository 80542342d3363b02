"""Values are sealed with the key of whom they are about; the keys have one custody, and can be dropped (G2, C7)."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from models.canonical.classification import DataClass
from models.domain.errors import Misconfigured
from models.domain.secrets import suspicious
from models.domain.storable import json_text
from models.keys.keyring import ERASED, SEALED, WORDS, Altered, Keyring, class_of_sealed
from models.keys.master import BYTES
from models.settings import Settings

ANNA, BEN = ("person", "R-1"), ("person", "R-2")
RATE, PAID = '"85.00"', DataClass.LABOUR_RATE


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(Settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def keyring(home: Path) -> Keyring:
    """As another process opens it: it remembers nothing."""
    return Keyring(Settings(home=home))


values = st.one_of(st.text(max_size=40), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))


@given(value=values, other=values, name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_a_value_comes_back_and_equal_values_of_one_subject_are_equal_text(
    shared: Keyring, value: object, other: object, name: str
) -> None:
    text, subject = json_text(value), ("contract", name)
    sealed = shared.seal(subject, text, PAID)
    assert SEALED.fullmatch(sealed) and shared.opened(sealed) == text
    assert shared.seal(subject, text, PAID) == sealed
    assert (shared.seal(subject, json_text(other), PAID) == sealed) == (json_text(other) == text)
    assert shared.seal(ANNA, text, PAID) != sealed


def test_another_process_seals_the_same_and_opens_it(home: Path) -> None:
    sealed = keyring(home).seal(ANNA, RATE, PAID)
    assert keyring(home).seal(ANNA, RATE, PAID) == sealed and keyring(home).opened(sealed) == RATE


def test_neither_a_length_nor_a_subject_tells_the_value(home: Path) -> None:
    keys = keyring(home)
    assert len(keys.seal(ANNA, '"9.50"', PAID)) == len(keys.seal(ANNA, '"1234567.50"', PAID))
    assert "R-1" not in keys.seal(ANNA, RATE, PAID)


def test_text_that_was_altered_or_belongs_to_another_subject_is_refused(home: Path) -> None:
    keys = keyring(home)
    sealed, other = keys.seal(ANNA, RATE, PAID), keys.seal(BEN, RATE, PAID)
    head, _, text = sealed.rpartition(".")
    changed = text[:-1] + ("0" if text[-1] != "0" else "1")
    for wrong in (f"{head}.{changed}", f"{other.rpartition('.')[0]}.{text}", f"{head}.{text[:-2]}", head):
        with pytest.raises(Altered):
            keys.opened(wrong)


def test_a_value_says_its_class_and_cannot_be_made_one_of_another(home: Path) -> None:
    """Who is cleared for contract values must not read pay that somebody called one."""
    keys = keyring(home)
    sealed = {kind: keys.seal(ANNA, RATE, kind) for kind in WORDS}
    assert len(set(sealed.values())) == 3 and all(class_of_sealed(text) == kind for kind, text in sealed.items())
    with pytest.raises(Altered):
        keys.opened(sealed[DataClass.COMPENSATION].replace(":pay.", ":value."))


def test_nothing_sealed_reads_like_a_credential(home: Path) -> None:
    """What does is masked before it is stored, and would never open again."""
    keys = keyring(home)
    sealed = [keys.seal(("person", f"R-{number % 40}"), f'"{number}.00"', PAID) for number in range(2_000)]
    assert not suspicious(json_text(sealed))


def test_keys_are_the_owners_alone(home: Path) -> None:
    keyring(home).seal(ANNA, RATE, PAID)
    assert [oct(path.stat().st_mode & 0o777) for path in sorted((home / "keys").iterdir())] == ["0o600", "0o600"]
    (home / "keys" / "values.key").chmod(0o640)
    with pytest.raises(Misconfigured, match="chmod 600"):
        keyring(home).seal(BEN, RATE, PAID)


def test_a_home_that_may_not_be_written_is_read(home: Path) -> None:
    sealed = keyring(home).seal(ANNA, RATE, PAID)
    places = [home / "keys" / "values.key", home / "keys" / "subjects.sqlite", home / "keys"]
    for place in places:
        place.chmod(place.stat().st_mode & 0o500)
    try:
        assert keyring(home).opened(sealed) == RATE and keyring(home).sound() == 1
    finally:
        for place in reversed(places):
            place.chmod(place.stat().st_mode | 0o200)


def test_without_its_master_key_it_says_what_to_restore_and_makes_no_second_one(home: Path) -> None:
    sealed = keyring(home).seal(ANNA, RATE, PAID)
    (home / "keys" / "values.key").unlink()
    for ask in (lambda: keyring(home).opened(sealed), lambda: keyring(home).seal(BEN, RATE, PAID)):
        with pytest.raises(Misconfigured, match=r"values\.key back from its backup, `tieout keys restore"):
            ask()
    (home / "keys" / "values.key").write_text(f"{bytes(BYTES).hex()}\n")
    (home / "keys" / "values.key").chmod(0o600)
    with pytest.raises(Misconfigured, match="another installation"):
        keyring(home).opened(sealed)


@pytest.mark.req("G7")
def test_what_fails_where_keys_lie_tells_none_of_them(home: Path) -> None:
    keyring(home).seal(ANNA, RATE, PAID)
    with closing(sqlite3.connect(home / "keys" / "subjects.sqlite")) as stored:
        stored.execute("CREATE TRIGGER full BEFORE INSERT ON subject_key BEGIN SELECT raise(abort, 'full'); END")
    with pytest.raises(sa.exc.IntegrityError, match="full") as told:
        keyring(home).seal(BEN, RATE, PAID)
    assert not re.search(r"[0-9a-f]{16}", str(told.value)) and BEN[1] not in str(told.value)


def test_keys_restored_from_a_backup_open_what_was_sealed_and_a_home_without_them_says_so(home: Path) -> None:
    sealed = keyring(home).seal(ANNA, RATE, PAID)
    shutil.copytree(home / "keys", home.parent / "backup")
    shutil.rmtree(home / "keys")
    with pytest.raises(Misconfigured, match="keys back from their backup"):
        keyring(home).opened(sealed)
    shutil.copytree(home.parent / "backup", home / "keys")
    assert keyring(home).opened(sealed) == RATE and keyring(home).seal(ANNA, RATE, PAID) == sealed


def test_a_rotated_master_key_opens_everything_and_the_old_one_nothing(home: Path) -> None:
    master = home / "keys" / "values.key"
    sealed = {name: keyring(home).seal(name, RATE, PAID) for name in (ANNA, BEN)}
    old = master.read_text()
    assert keyring(home).rotate() == 2
    assert master.read_text() != old and len(master.read_text().split()) == 1
    assert all(
        keyring(home).opened(text) == RATE and keyring(home).seal(name, RATE, PAID) == text
        for name, text in sealed.items()
    )
    master.write_text(old)
    with pytest.raises(Misconfigured, match="another installation"):
        keyring(home).opened(sealed[ANNA])


@pytest.mark.parametrize("rewrapped", [False, True])
def test_a_rotation_that_was_cut_off_harms_nothing_and_the_next_one_ends_it(home: Path, rewrapped: bool) -> None:
    keys = keyring(home)
    sealed = keys.seal(ANNA, RATE, PAID)

    class Cut(Exception):
        pass

    def cut() -> None:
        if rewrapped:
            keys._stored.rewrap(lambda subject, key: keys.master.wrap(keys.master.unwrap(key, subject), subject))
        raise Cut

    with pytest.raises(Cut):
        keys.master.rotate(cut)
    assert keyring(home).opened(sealed) == RATE and keyring(home).opened(keyring(home).seal(BEN, RATE, PAID)) == RATE
    assert keyring(home).rotate() == 2 and keyring(home).opened(sealed) == RATE
    assert len((home / "keys" / "values.key").read_text().split()) == 1


@pytest.mark.req("C7")
def test_without_its_key_a_value_reads_as_erased_and_nothing_of_the_key_is_left(home: Path) -> None:
    keys = keyring(home)
    sealed, other = keys.seal(ANNA, RATE, PAID), keys.seal(BEN, RATE, PAID)
    subject = keys._stored.of([ANNA], keys._made)[ANNA]
    assert subject.wrapped is not None
    assert keys.erase(ANNA, "2026-11-29T00:00:00Z") and not keys.erase(ANNA, "2026-11-29T00:00:00Z")
    for one in (keys, keyring(home)):
        assert one.opened(sealed) == ERASED and one.opened(other) == RATE
    held = b"".join(path.read_bytes() for path in (home / "keys").iterdir())
    assert subject.wrapped.hex().encode() not in held and b"R-1" not in held and b"R-2" in held
    again = keyring(home).seal(ANNA, RATE, PAID)  # whoever comes again is another subject
    assert again != sealed and keyring(home).opened(again) == RATE and keyring(home).opened(sealed) == ERASED


def test_a_process_forgets_what_another_one_erased(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.keys.keyring.FORGOTTEN_SECONDS", 0.0)
    keys = keyring(home)
    sealed = keys.seal(ANNA, RATE, PAID)
    assert keys.opened(sealed) == RATE
    keyring(home).erase(ANNA, "2026-11-29T00:00:00Z")
    assert keys.opened(sealed) == ERASED and keys.seal(ANNA, RATE, PAID) != sealed
