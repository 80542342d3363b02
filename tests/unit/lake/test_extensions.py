"""Extensions of DuckDB from a folder with their sums: the way to a version for which there are no wheels (N2)."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from models.domain.errors import Misconfigured
from models.lake import extensions
from models.lake.connection import open_lake
from models.lake.verify import verify
from tests.unit.lake.samples import filled, settings_at

NEXT = os.environ.get("TIEOUT_NEXT_DUCKDB")
BY_ANOTHER = """
import sys
from pathlib import Path
import duckdb
from models.lake.verify import verify
from models.lake.writer import open_writer
from models.settings import read_settings
from tests.unit.lake.samples import HandClock, spans
settings = read_settings()
writer = open_writer(settings, HandClock())
for number in range(10, 20):
    writer.append({"spans": spans(5, number * 50)}, "otlp", number)
writer.maintain()
writer.checkpoint()
writer.close()
report = verify(settings)
print(duckdb.__version__, report.rows, [one.what for one in report.breaches])
"""


def listed(folder: Path) -> Path:
    files = sorted(folder.glob("*.duckdb_extension"))
    (folder / extensions.SUMS).write_text("".join(f"{sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Today's files, as somebody puts those of another version there."""
    made = tmp_path / "extensions"
    made.mkdir()
    for name in ("sqlite_scanner", "ducklake"):
        (made / f"{name}.duckdb_extension").symlink_to(extensions._in_wheel(name))
    return listed(made)


def test_a_lake_stands_on_a_folder_alone(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extensions, "_in_wheel", lambda name: pytest.fail(f"{name} was taken from a wheel"))
    settings = settings_at(tmp_path / "home", duckdb_extensions=folder)
    filled(settings, batches=2, rows=3).close()
    assert verify(settings).sound


def opened(tmp_path: Path, folder: Path) -> None:
    open_lake(settings_at(tmp_path / "home", duckdb_extensions=folder)).close()


def replaced(folder: Path, content: bytes) -> None:
    (folder / "ducklake.duckdb_extension").unlink()
    (folder / "ducklake.duckdb_extension").write_bytes(content)


def test_a_file_that_is_not_the_listed_one_is_not_loaded(folder: Path, tmp_path: Path) -> None:
    replaced(folder, b"another")
    with pytest.raises(Misconfigured, match="is not the file that SHA256SUMS"):
        opened(tmp_path, folder)


def test_a_file_that_is_none_of_this_version_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    replaced(folder, bytes(2000))
    listed(folder)
    with pytest.raises(Misconfigured, match=r"cannot be loaded by DuckDB .* TIEOUT_DUCKDB_EXTENSIONS"):
        opened(tmp_path, folder)


def forged(name: str) -> bytes:
    content = bytearray(extensions._in_wheel(name).read_bytes())
    content[1000] ^= 1
    return bytes(content)


def test_what_its_maker_did_not_sign_is_refused_also_where_the_good_one_was_loaded_before(
    folder: Path, tmp_path: Path
) -> None:
    opened(tmp_path, folder)
    replaced(folder, forged("ducklake"))
    listed(folder)
    with pytest.raises(Misconfigured, match=r"cannot be loaded.*signature"):
        opened(tmp_path, folder)


def test_a_connection_that_is_open_takes_nothing_unsigned(tmp_path: Path) -> None:
    file = tmp_path / "httpfs.duckdb_extension"
    file.write_bytes(forged("httpfs"))
    connection = open_lake(settings_at(tmp_path / "home"))
    with closing(connection), pytest.raises(duckdb.Error, match="signature"):
        connection.execute(f"LOAD '{file}'")


@pytest.mark.parametrize("lacking", ["ducklake.duckdb_extension", extensions.SUMS])
def test_what_is_lacking_is_named(folder: Path, lacking: str, tmp_path: Path) -> None:
    (folder / lacking).unlink()
    with pytest.raises(Misconfigured, match=f"lacks .*{lacking}"):
        opened(tmp_path, folder)


def test_a_folder_that_others_write_in_is_refused(folder: Path, tmp_path: Path) -> None:
    folder.chmod(0o777)
    with pytest.raises(Misconfigured, match="others may write"):
        opened(tmp_path, folder)


@pytest.mark.skipif(
    not NEXT,
    reason="needs data that is not part of the project: no package ships the extensions of DuckDB 2 (sqlite_scanner, "
    "ducklake); TIEOUT_NEXT_DUCKDB names a folder with `site` (pip install --target) and `extensions` (with sums)",
)
def test_duckdb_2_goes_on_with_todays_lake(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")
    filled(settings, batches=8, rows=20).close()
    done = subprocess.run(
        [sys.executable, "-c", BY_ANOTHER],
        env={
            **os.environ,
            "PYTHONPATH": f"{NEXT}/site:{os.getcwd()}",
            "TIEOUT_HOME": str(settings.home),
            "TIEOUT_DUCKDB_EXTENSIONS": f"{NEXT}/extensions",
        },
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    version, rows, breaches = done.stdout.split(maxsplit=2)
    assert version.startswith("2.") and (int(rows), breaches.strip()) == (8 * 27 + 50, "[]")
