"""Log files are followed through everything that happens to them: each record is in the lake once (C2)."""

from __future__ import annotations

import bz2
import gzip
import os
import shutil
from pathlib import Path

import pytest

from app.cli import reread
from collectors.pipeline.commits import Commits
from collectors.tailing import watch
from models.domain.errors import Misconfigured
from tests.unit.collect.log_world import World, berlin, line, lines, source, write

pytestmark = pytest.mark.req("C2")
FIRST, SECOND, THIRD = (tuple(f"{name} {number}" for number in range(5)) for name in ("first", "second", "third"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "logs").mkdir()
    return World(tmp_path, source(tmp_path / "logs"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "app.log"


def once(world: World, *texts: str) -> None:
    assert world.counts() == {text: 1 for text in texts}
    assert world.refused() == []


def test_lines_become_records_with_service_file_and_times(world: World, log: Path) -> None:
    write(log, line("posted", level="ERROR", trace_id="a" * 32, order={"id": 7}))
    world.turns()
    (row,) = world.logs()
    assert (row["time"].isoformat(), row["observed_time"].isoformat()) == (
        "2026-11-30T10:00:00+00:00",
        "2026-11-30T12:00:00+00:00",
    )
    assert (row["severity_number"], row["severity_text"], row["service_name"]) == (17, "ERROR", "billing")
    assert (row["trace_id"], row["resource"]) == ("a" * 32, '{"service.name":"billing"}')
    assert row["attributes"] == (
        f'{{"trace_id":"{"a" * 32}","order":{{"id":7}},"log.file.name":"app.log","log.file.path":"{log}"}}'
    )


def test_a_line_counts_once_it_has_its_end_or_nothing_more_comes(world: World, log: Path) -> None:
    write(log, lines(FIRST) + line("half")[:20])
    world.turns()
    once(world, *FIRST)
    write(log, line("half")[20:])
    world.turns()
    once(world, *FIRST, "half")
    write(log, line("last").rstrip(b"\n"))
    world.turns(59)
    once(world, *FIRST, "half")
    world.turns()
    once(world, *FIRST, "half", "last")


def test_a_log_that_is_renamed_is_read_to_its_end(world: World, log: Path) -> None:
    """Also what its writer still writes before it opens the new one."""
    write(log, lines(FIRST))
    world.turns()
    with open(log, "ab") as writer:
        log.rename(log.with_name("app.log.1"))
        write(log, lines(SECOND))
        world.turns()
        writer.write(lines(THIRD))
    world.turns()
    once(world, *FIRST, *SECOND, *THIRD)


def test_what_a_log_held_while_nobody_looked_is_read_from_what_is_left_of_it(world: World, log: Path) -> None:
    """Renamed, renamed again and compressed between two starts; also where the glob names the log alone."""
    world.sources = (source(log.parent, glob="app.log"),)
    world.restart()
    write(log, lines(FIRST))
    world.turns()
    write(log, lines(SECOND))
    with gzip.open(log.with_name("app.log.1.gz"), "wb") as packed:
        packed.write(log.read_bytes())
    log.unlink()
    write(log, lines(THIRD))
    world.restart()
    world.settled()
    once(world, *FIRST, *SECOND, *THIRD)


@pytest.mark.parametrize("copied", [True, False])
def test_a_log_that_is_cut_off_begins_anew(world: World, log: Path, copied: bool) -> None:
    write(log, lines(FIRST))
    world.turns()
    if copied:
        write(log, lines(SECOND))
        shutil.copy(log, log.with_name("app.log.1"))
    os.truncate(log, 0)
    world.turns()
    write(log, lines(THIRD))
    world.settled()
    once(world, *FIRST, *THIRD, *(SECOND if copied else ()))


def test_a_copy_is_no_log_while_it_is_made_nor_before_the_log_is_cut_off(world: World, log: Path) -> None:
    """Nor after that, where it ends before what was read of the log already."""
    long = [f"{number} " + "x" * 600 for number in range(5)]
    write(log, lines(long))
    world.turns()
    copy = log.with_name("app.log.1")
    copy.write_bytes(log.read_bytes()[:100])
    world.turns()
    shutil.copy(log, copy)
    world.turns()
    write(log, lines(SECOND))
    world.turns()
    os.truncate(log, 0)
    write(log, lines(THIRD))
    world.restart()
    world.settled()
    once(world, *long, *SECOND, *THIRD)


def test_a_log_that_is_cut_off_and_longer_than_before_at_the_next_look_is_another(world: World, log: Path) -> None:
    write(log, lines(FIRST))
    world.turns()
    os.truncate(log, 0)
    write(log, lines(SECOND) + lines(THIRD))
    world.turns()
    once(world, *FIRST, *SECOND, *THIRD)


def test_a_writer_that_keeps_its_place_leaves_a_hole_which_is_no_record(world: World, log: Path) -> None:
    with open(log, "wb") as writer:
        writer.write(lines(FIRST))
        writer.flush()
        world.turns()
        os.truncate(log, 0)
        writer.seek(3 << 20)
        writer.write(lines(SECOND))
    world.settled()
    once(world, *FIRST, *SECOND)


def test_a_log_that_is_deleted_and_written_anew_is_read_whole(world: World, log: Path) -> None:
    """Also when every run writes the same: a deleted file does not come back under its own name."""
    for _ in range(3):
        write(log, lines(["done"]))
        world.turns()
        log.unlink()
    world.settled()
    assert world.counts() == {"done": 3}


def test_a_compressed_log_is_read_once_and_only_as_far_as_it_was_not_read_before(world: World, log: Path) -> None:
    log.with_name("app.log.3.gz").write_bytes(gzip.compress(lines(FIRST)))
    log.with_name("app.log.2.bz2").write_bytes(bz2.compress(lines(SECOND)))
    write(log, lines(THIRD))
    for _ in range(2):
        world.settled()
        world.restart()
    once(world, *FIRST, *SECOND, *THIRD)
    write(log, line("unread"))
    log.with_name("app.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    for _ in range(2):
        world.settled()
        world.restart()
    once(world, *FIRST, *SECOND, *THIRD, "unread")


def test_a_compressed_file_is_read_once_it_is_whole(world: World, log: Path) -> None:
    whole = gzip.compress(lines(FIRST))
    packed = log.with_name("app.log.1.gz")
    packed.write_bytes(whole[:60])
    world.turns(10)
    assert world.bodies() == []
    packed.write_bytes(whole)
    world.turns()
    once(world, *FIRST)


def test_a_file_that_cannot_be_unpacked_is_put_aside_once_and_hinders_nothing(world: World, log: Path) -> None:
    log.with_name("app.log.1.gz").write_bytes(gzip.compress(lines(FIRST))[:60])
    log.with_name("app.log.2.zst").write_bytes(b"\x28\xb5\x2f\xfd....")
    write(log, lines(SECOND))
    for _ in range(2):
        world.settled()
        world.restart()
    assert sorted((row["error_code"], row["path"]) for row in world.refused()) == [
        ("compressed", f"{log}.2.zst:0"),
        ("damaged", f"{log}.1.gz:0"),
    ]
    assert world.bodies() == list(SECOND) and world.fault() is None


@pytest.mark.parametrize("inode", [0, "another each time"])
def test_a_mount_without_inodes_that_stay_doubles_nothing(
    world: World, log: Path, inode: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, given = watch.files_of, iter(range(10**6, 10**9))

    def mounted(*args: object) -> list[watch.Found]:
        found = looked(*args)  # type: ignore[arg-type]
        return [watch.replace(one, node=(99, next(given) if inode else 0)) for one in found]

    monkeypatch.setattr(watch, "files_of", mounted)
    write(log, lines(FIRST))
    world.turns()
    write(log, lines(SECOND))
    world.turns()
    world.restart()
    world.turns()
    log.rename(log.with_name("app.log.1"))
    write(log, lines(THIRD))
    world.settled()
    once(world, *FIRST, *SECOND, *THIRD)


def test_logs_that_begin_alike_are_not_taken_for_one(world: World, log: Path) -> None:
    banner = lines(["starting " * 200])
    log.write_bytes(banner + lines(FIRST))
    log.with_name("app-2.log").write_bytes(banner + lines(SECOND))
    world.turns()
    log.with_name("app-3.log").write_bytes(banner)
    world.turns()
    write(log.with_name("app-3.log"), lines(THIRD))
    world.settled()
    assert world.counts() == {"starting " * 200: 3, **{text: 1 for text in (*FIRST, *SECOND, *THIRD)}}


def test_one_file_under_two_names_is_one(world: World, log: Path) -> None:
    write(log, lines(FIRST))
    os.link(log, log.with_name("app-hard.log"))
    os.symlink(log, log.with_name("app-soft.log"))
    world.settled()
    once(world, *FIRST)


def test_more_files_than_handles(world: World, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_HANDLES", 3)
    for number in range(10):
        write(log.with_name(f"app-x{number}y.log"), line(f"{number} a"))
    world.turns()
    before = len(os.listdir("/proc/self/fd"))
    for number in range(10):
        write(log.with_name(f"app-x{number}y.log"), line(f"{number} b"))
    world.turns()
    assert len(os.listdir("/proc/self/fd")) <= before
    once(world, *(f"{number} {part}" for number in range(10) for part in "ab"))


def test_a_line_that_cannot_be_read_is_put_aside_and_stops_nothing(world: World, log: Path) -> None:
    bad = b'{"message": "unended\n' + b'["no object"]\n' + b"\xff\xfe no json\n" + line("x", time="soon")
    write(log, lines(FIRST[:2]) + bad + lines(FIRST[2:]))
    world.turns()
    assert world.bodies() == list(FIRST)
    refused = world.refused()
    assert [row["error_code"] for row in refused] == ["json", "json", "json", "time"]
    assert {(row["receiver"], row["sender"]) for row in refused} == {("log-files", "app")}
    at = len(lines(FIRST[:2]))
    assert [row["path"] for row in refused[:2]] == [f"{log}:{at}", f"{log}:{at + 21}"]
    assert refused[0]["content"] == '{"message": "unended' and refused[2]["content"] == "//4gbm8ganNvbg=="
    assert "the time 'soon' cannot be read" in refused[3]["reason"]


def test_a_line_that_is_too_long_is_put_aside_by_its_beginning_also_across_a_start(world: World, log: Path) -> None:
    world.sources = (source(log.parent, line_bytes=1024),)
    world.restart()
    huge = b"x" * (5 << 20)
    write(log, lines(FIRST) + huge[: 3 << 20])
    world.turns()
    world.restart()
    world.turns()
    write(log, huge[3 << 20 :] + b"\n" + lines(SECOND) + b"y" * 2000 + b"\n" + lines(THIRD))
    world.turns()
    assert world.bodies() == [*FIRST, *SECOND, *THIRD]
    assert [(row["error_code"], row["content"][0], len(row["content"])) for row in world.refused()] == [
        ("too-long", "x", 1024),
        ("too-long", "y", 1024),
    ]


def test_long_lines_make_batches_that_memory_holds(world: World, log: Path) -> None:
    write(log, b"".join(line(f"{number} " + "x" * 900_000) for number in range(40)))
    world.turns(1)
    assert len(world.logs()) == 40
    assert max(tables["logs"].nbytes for tables in world.lake.batches.values()) < 13 << 20


def test_bytes_that_are_no_text_cost_a_character_each(world: World, log: Path) -> None:
    write(log, line("ok").replace(b"ok", b"caf\xe9") + line("nul\0inside") + b"\0\0" + line("after") + b"\r\n\n")
    world.turns()
    assert world.bodies() == ["caf\ufffd", "nul\0inside", "after"] and world.refused() == []


def test_secrets_and_pay_are_masked(world: World, log: Path) -> None:
    write(log, line("login password=hunter2", api_key="k-123", salary=5) + b'{"password": "hunter2",\n')
    world.turns()
    (row,), (refused,) = world.logs(), world.refused()
    assert row["body"] == "login password=***"
    assert '"api_key":"***"' in row["attributes"] and '"salary":"***"' in row["attributes"]
    assert "hunter2" not in refused["content"]


def test_a_folder_that_is_not_there_and_a_file_that_may_not_be_read_show(
    world: World, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: str) -> object:
        raise PermissionError(13, "Permission denied", path)

    write(log, lines(FIRST))
    with monkeypatch.context() as patched:
        patched.setattr(watch, "opened", denied)
        world.turns()
        assert world.fault() == f"{log}: Permission denied" == world.following.fault
    world.turns()
    assert world.fault() is None
    once(world, *FIRST)
    log.parent.rename(log.parent.with_name("gone"))
    world.turns()
    assert str(world.fault()).endswith(f"the folder {log.parent} is not there")


def test_a_turn_that_does_not_end_shows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.following._since = -1000.0
    assert "reading log files has been under way for" in str(world.fault())


@pytest.mark.parametrize("landed", [True, False])
def test_a_batch_that_may_have_landed_is_decided_by_the_lake(world: World, log: Path, landed: bool) -> None:
    """A kill between any two writes: the ledger names the places before and after, the lake says which hold."""
    write(log, lines(FIRST))
    world.turns()
    write(log, lines(SECOND))

    class Killed(BaseException):
        pass

    class Dying(Commits):
        def append_once(self, tables: object, writer: str, number: int) -> bool:
            if landed:
                super().append_once(tables, writer, number)  # type: ignore[arg-type]
            raise Killed

    world.restart(Dying(lambda: world.lake))
    with pytest.raises(Killed):
        world.turns()
    world.restart()
    world.turns()
    once(world, *FIRST, *SECOND)


def test_a_lake_that_refuses_is_tried_again_with_the_same_batch(world: World, log: Path) -> None:
    world.turns()
    world.lake.locked = True
    write(log, lines(FIRST))

    class Stubborn(Commits):
        tries = 0

        def append_once(self, tables: object, writer: str, number: int) -> bool:
            self.tries += 1
            world.lake.locked = self.tries < 3
            return super().append_once(tables, writer, number)  # type: ignore[arg-type]

    world.lake.locked = False
    world.restart(Stubborn(lambda: world.lake))
    world.turns()
    once(world, *FIRST)


def test_a_ledger_of_another_history_is_refused_with_what_to_do(world: World, log: Path, tmp_path: Path) -> None:
    write(log, lines(FIRST))
    world.turns()
    (tmp_path / "places.json").unlink()
    world.restart()
    with pytest.raises(Misconfigured, match=r'has 1 batches .* write \{"number": 1\}'):
        world.turns()
    (tmp_path / "places.json").write_text('{"number": 1}')
    world.turns()
    assert world.counts() == {text: 2 for text in FIRST}


def test_lines_that_were_refused_are_read_again_once_with_the_format_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`tieout reread` hands on what the quarantine has; what is refused again can be handed on again."""
    log = tmp_path / "logs" / "app.log"
    log.parent.mkdir()
    world = World(tmp_path / "log-files", source(log.parent, "log4j"))
    write(log, b"2026-11-30 10:15:00 ERROR failed\n\tat caf\xe9\n2026-11-30T10:16:00Z INFO fine\nno log at all\n")
    world.settled()
    assert (world.bodies(), len(world.refused())) == (["fine\nno log at all"], 1)

    class Reader:
        def rows(self, sql: str, params: dict[str, str]) -> list[dict[str, object]]:
            return [row for row in world.refused() if row["sender"] == params["source"]]

        def close(self) -> None:
            pass

    (tmp_path / "lake").mkdir()
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    (tmp_path / "logs.toml").write_text('[[log]]\nname = "app"\nfiles = ["/var/log/app"]\n')
    monkeypatch.setenv("TIEOUT_CATALOGUE", str(tmp_path))
    monkeypatch.setattr(reread, "open_reader", lambda settings: Reader())
    world.sources = (source(log.parent, "log4j", zone=berlin()),)
    assert reread.reread("app") == 0 == reread.reread("app")
    world.restart()
    for _ in range(3):
        world.turns()
        world.restart()
    assert capsys.readouterr().out == "1 lines of app are read again\nno line of app waits in the quarantine\n"
    assert sorted(world.bodies()) == ["failed\n\tat caf\ufffd", "fine\nno log at all"]
    assert f'"log.file.path":"{log}"' in world.logs()[1]["attributes"]
    assert [file.suffix for file in (tmp_path / "log-files" / "app").iterdir()] == [".done"]
    with pytest.raises(SystemExit, match="2"):
        reread.reread("nobody")
