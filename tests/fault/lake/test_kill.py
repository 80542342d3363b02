"""C6: kill -9 at any moment loses nothing acknowledged, leaves no part of a batch, and never looks like tampering."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.lake.connection import open_lake
from models.lake.verify import verify
from models.lake.writer import open_writer
from tests.unit.lake.samples import HandClock, records, settings_at, spans

PROJECT = Path(__file__).parents[3]


def killed_after(home: Path, first: int, acknowledgements: int) -> list[int]:
    """Numbers that a writer acknowledged before it was killed, some way into what it did next."""
    command = [sys.executable, "-m", "tests.fault.lake.appending", str(home), str(first), "maintain"]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    seen = [int(process.stdout.readline()) for _ in range(acknowledgements)]
    process.kill()
    seen += [int(line) for line in process.stdout.read().split("\n") if line.strip()]
    process.stdout.close()
    process.wait()
    return seen


@pytest.mark.req("C6", "C5")
def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path: Path) -> None:
    """Some way into an append, a checkpoint or a merge."""
    settings, chance = settings_at(tmp_path), random.Random(7)
    acknowledged: set[int] = set()
    following = 1
    for _ in range(3):
        acknowledged |= set(killed_after(tmp_path, following, chance.randint(1, 7)))
        following = max(acknowledged) + 1
        report = verify(settings)
        assert report.breaches == []
        connection = open_lake(settings)
        stored = connection.execute(
            "SELECT s.number, count(*), count(DISTINCT span_id) "
            "FROM lake.main.spans JOIN lake.main.seals s USING (batch_id) "
            "WHERE s.table_name = 'spans' GROUP BY ALL"
        ).fetchall()
        connection.close()
        assert acknowledged <= {number for number, _, _ in stored}
        assert {(rows, ids) for _, rows, ids in stored} == {(200, 200)}
        # What the killed writer was about to do is done again by its successor: once in all, whether it had landed or
        # not.
        writer = open_writer(settings, HandClock())
        again = writer.append(
            {"spans": spans(200, following * 200), "records": records(3, following * 3)}, "otlp", following
        )
        assert again.stored + again.already_stored == 203
        assert writer.last_number("otlp") == following
        writer.close()
        acknowledged.add(following)
        following += 1
    final = verify(settings)
    assert (final.breaches, final.batches) == ([], len(acknowledged))


@pytest.mark.req("C6")
def test_data_files_and_their_folders_are_on_the_disk_before_the_catalogue_says_so(tmp_path: Path) -> None:
    """Power loss: the fsync of every new file and folder comes before the commit. Told by the order of system calls."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace, which is not installed: apt install strace")
    trace = tmp_path / "trace"
    program = (
        "import os; from pathlib import Path\n"
        "from models.lake.writer import open_writer; from tests.unit.lake.samples import *\n"
        f"w = open_writer(settings_at(Path({str(tmp_path / 'home')!r})), HandClock()); os.write(1, b'BEGIN-APPEND')\n"
        "w.append({'spans': spans(20)}, 'otlp', 1); os.write(1, b'END-APPEND')\n"
    )
    command = [strace, "-f", "-y", "-e", "trace=fsync,fdatasync,write", "-o", str(trace), sys.executable, "-c", program]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    if done.returncode and "ptrace" in done.stderr.lower():
        pytest.skip(f"needs rights that this machine does not give: strace may not trace: {done.stderr.strip()[:80]}")
    assert done.returncode == 0, done.stderr
    lines = trace.read_text().split("BEGIN-APPEND")[1].split("END-APPEND")[0].splitlines()
    synced = [line.split("<", 1)[1].split(">", 1)[0] for line in lines if "sync(" in line]
    data = str(tmp_path / "home" / "lake" / "data")
    catalogue_first = min(at for at, path in enumerate(synced) if "catalog.sqlite" in path)
    manifest_first = min(at for at, path in enumerate(synced) if "manifest.sqlite" in path)
    before = synced[:manifest_first]
    written = [path for path in before if path.endswith(".parquet")]
    assert len(written) == 2 and manifest_first < catalogue_first
    for file in written:
        folders = [str(folder) for folder in Path(file).parents if str(folder).startswith(data)]
        assert folders and set(folders) <= set(before)
