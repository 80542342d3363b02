"""Signed checkpoints: C2SP notes with the audit key, kept in the lake and at a witness."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from models.lake import signing, witness
from models.lake.signing import BadNote, opened
from models.lake.verify import verify
from models.lake.writer import open_writer
from tests.unit.lake.samples import HandClock, filled, settings_at, spans


@pytest.mark.req("C5")
def test_a_note_opens_with_the_public_key_and_with_no_other(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "a")
    writer = filled(settings, batches=3)
    signed = writer.checkpoint()
    key = signing.public_key(settings)
    assert key is not None
    checkpoint = opened(signed.note, key)
    assert (checkpoint.size, checkpoint.last_batch, checkpoint.text in signed.note) == (6, 3, True)
    with pytest.raises(BadNote, match="signature"):
        opened(signed.note.replace("\n6\n", "\n5\n"), key)
    with pytest.raises(BadNote, match="another key"):
        opened(signed.note, signing.signing_key(settings_at(tmp_path / "b")).public_key())
    for broken in ("", "x", signed.note[:-8], signed.note.replace("last-batch", "")):
        with pytest.raises(BadNote):
            opened(broken, key)
    writer.close()


@pytest.mark.req("G3")
def test_the_private_key_is_for_its_owner_only(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    filled(settings, batches=1).close()
    assert stat.S_IMODE((tmp_path / "keys" / "audit.pem").stat().st_mode) == 0o600
    name, key_id, encoded = (tmp_path / "keys" / "audit.pub").read_text().strip().split("+", 2)
    raw = base64.b64decode(encoded)
    assert (raw[0], len(raw), len(key_id)) == (1, 33, 8) and name.startswith("tieout-audit-lake/")


def test_nothing_new_is_not_signed_again(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=3)
    first = writer.checkpoint()
    assert writer.checkpoint().note == first.note
    writer.append({"spans": spans(1)}, "otlp", 99)
    assert writer.checkpoint().size == first.size + 1
    writer.close()


def test_a_witness_file_grows_and_a_folder_gets_a_file_each(tmp_path: Path) -> None:
    folder = tmp_path / "bucket"
    folder.mkdir()
    for place in (folder, tmp_path / "share" / "notes.txt"):
        settings = settings_at(tmp_path / f"home-{place.name}", witness=place)
        writer = open_writer(settings, HandClock())
        notes = []
        for number in range(1, 4):
            writer.append({"spans": spans(2)}, "otlp", number)
            notes.append(writer.checkpoint().note)
        writer.close()
        assert witness.notes(place) == notes
        assert verify(settings).breaches == []
    assert len(list(folder.iterdir())) == 3


def test_a_witness_out_of_reach_is_told_and_stops_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = settings_at(tmp_path / "home", witness=blocked / "below" / "notes.txt")
    writer = filled(settings, batches=1)
    signed = writer.checkpoint()
    assert signed.size == 2 and signed.witness_error is not None
    writer.close()


def test_a_note_cut_short_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    writer = filled(settings, batches=8)
    place = witness.witness_path(settings)
    whole = place.read_text()
    place.write_text(whole + whole[:60])
    assert len(witness.notes(place)) == 2
    assert verify(settings).breaches == []
    writer.append({"spans": spans(1)}, "otlp", 99)
    writer.close()
