"""The spool keeps what was acknowledged, in order, and nothing half written (C6)."""

from __future__ import annotations

import errno
import os

import pytest

from collectors.pipeline.spool.frame import Frame, Kind, encoded, frames
from collectors.pipeline.spool.spool import Segment, Spool, SpoolFull

pytestmark = pytest.mark.req("C6")


def frame(number, size=10):
    return Frame(Kind.TRACES, 1_000 + number, "sender é", bytes([number % 256]) * size)


def test_frames_come_back_as_they_went_in():
    given = [frame(1), Frame(Kind.REFUSED, 5, "", b""), frame(2, 70_000)]
    assert list(frames(b"".join(part for one in given for part in encoded(one)))) == given


@pytest.mark.parametrize("cut", [1, 5, 20, 31])
def test_a_torn_tail_hides_nothing_before_it(cut):
    whole = b"".join(encoded(frame(1)))
    torn = b"".join(encoded(frame(2)))[:cut]
    assert list(frames(whole + torn)) == [frame(1)]


def test_a_damaged_frame_hides_nothing_after_it():
    content = bytearray(b"".join(part for number in range(3) for part in encoded(frame(number))))
    content[len(content) // 2] ^= 0xFF
    assert list(frames(bytes(content))) == [frame(0), frame(2)]


def test_more_buffers_than_one_write_takes(tmp_path):
    segment = Segment(tmp_path / "1.segment", 1)
    segment.append([frame(number) for number in range(700)])
    assert len(segment.frames()) == 700


def test_a_failed_write_leaves_the_segment_as_it_was(tmp_path, monkeypatch):
    segment = Segment(tmp_path / "1.segment", 1)
    segment.append([frame(1)])
    real = os.writev

    def full(file, views):
        real(file, [views[0][:3]])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "writev", full)
    with pytest.raises(OSError, match="No space"):
        segment.append([frame(2)])
    monkeypatch.undo()
    assert segment.path.stat().st_size == segment.size
    segment.append([frame(3)])
    assert segment.frames() == [frame(1), frame(3)]


def test_a_failed_sync_is_a_failed_write(tmp_path, monkeypatch):
    segment = Segment(tmp_path / "1.segment", 1)
    segment.append([frame(1)])
    monkeypatch.setattr(os, "fdatasync", lambda file: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error")))
    with pytest.raises(OSError, match="Input/output"):
        segment.append([frame(2)])
    assert segment.frames() == [frame(1)]


def test_the_limit_counts_what_is_not_in_the_lake_yet(tmp_path):
    spool = Spool(tmp_path, limit=1000)
    first, second = spool.segment(1), spool.segment(2)
    spool.append(first, [frame(1, 600)])
    with pytest.raises(SpoolFull, match="spool holds"):
        spool.append(second, [frame(2, 600)])
    spool.drop(first)
    spool.append(second, [frame(2, 600)])
    assert spool.bytes == second.size


def test_recovery_takes_up_what_the_lake_lacks_in_order_and_drops_the_rest(tmp_path):
    spool = Spool(tmp_path, limit=1 << 20)
    for number in (3, 12, 4, 100):
        spool.append(spool.segment(number), [frame(number)])
    (tmp_path / "000000000101.segment").touch()
    fresh = Spool(tmp_path, limit=1 << 20)
    assert [segment.number for segment in fresh.recover(landed=4)] == [12, 100]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000000012.segment", "000000000100.segment"]
    assert fresh.bytes > 0


def test_only_the_owner_may_read_the_spool(tmp_path):
    spool = Spool(tmp_path / "spool", limit=1000)
    segment = spool.segment(1)
    spool.append(segment, [frame(1)])
    assert segment.path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "spool").stat().st_mode & 0o077 == 0
