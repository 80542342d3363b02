"""DuckDB's extensions: from the installed wheels, or from a folder with their sums, and never from the network.

The folder is the way to a DuckDB for which there are no wheels: put its `<name>.duckdb_extension` files there and write
`sha256sum *.duckdb_extension > SHA256SUMS`. DuckDB itself holds each file to its own version and to its maker's
signature; the sums tell a cut or mixed-up file from a good one, and only the owner may write there.
"""

from __future__ import annotations

import importlib
import importlib.resources
from contextlib import closing
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path

import duckdb

from models.domain.errors import Misconfigured
from models.lake.places import lake_data, quoted
from models.settings import Settings

SUMS = "SHA256SUMS"
SETTING = "TIEOUT_DUCKDB_EXTENSIONS"
_OTHERS_WRITE = 0o022


def load(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Load what these settings' addresses need. Raises Misconfigured for an extension that is not there, is not the one
    that its sum says, is not signed by its maker, or is none for this DuckDB.

    The connection must be one that was made to take unsigned extensions; it takes none from then on.
    """
    for name in needed(settings):
        file = _in_folder(settings.duckdb_extensions, name) if settings.duckdb_extensions else _in_wheel(name)
        try:
            _hold_to_signature(file, *_state(file))
            connection.execute(f"LOAD {quoted(str(file))}")
        except duckdb.Error as error:
            raise Misconfigured(
                f"{file} cannot be loaded by DuckDB {duckdb.__version__}: {str(error).splitlines()[0]}. "
                f"Install the versions of requirements.lock, or set {SETTING} to a folder of that version's extensions"
            ) from error

    connection.execute("SET allow_unsigned_extensions = false")


def needed(settings: Settings) -> list[str]:
    """Names of the extensions that these settings' addresses need."""
    names = ["sqlite_scanner", "ducklake"]
    if settings.journal_address.startswith("postgres") or settings.lake_catalog_address.startswith("postgres"):
        names.append("postgres_scanner")
    if "://" in lake_data(settings):
        names.append("httpfs")
    return names


def _in_wheel(name: str) -> Path:
    module = importlib.import_module(f"duckdb_extension_{name}")
    file = importlib.resources.files(module) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not file.is_file():
        raise Misconfigured(
            f"the wheel duckdb-extension-{name.replace('_', '-')} has no build for DuckDB {duckdb.__version__}: "
            f"install the versions of requirements.lock, or set {SETTING} to a folder of that version's extensions"
        )
    return Path(str(file))


def _in_folder(folder: Path, name: str) -> Path:
    file = folder.absolute() / f"{name}.duckdb_extension"
    if not file.is_file() or not (folder / SUMS).is_file():
        raise Misconfigured(
            f"{SETTING}={folder} lacks {file.name} or {SUMS}: put the file of DuckDB {duckdb.__version__} there, then "
            f"`sha256sum *.duckdb_extension > {SUMS}`"
        )
    if any(place.stat().st_mode & _OTHERS_WRITE for place in (folder, folder / SUMS, file)):
        raise Misconfigured(f"others may write in {folder}, and what is there runs in our processes: chmod -R go-w it")
    if _digest(file, *_state(file)) != _sums(folder / SUMS).get(file.name):
        raise Misconfigured(f"{file} is not the file that {SUMS} beside it tells: copy it there anew")
    return file


def _sums(listed: Path) -> dict[str, str]:
    lines = [line.split(maxsplit=1) for line in listed.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {name.removeprefix("*"): digest for digest, name in lines}


def _state(file: Path) -> tuple[int, int, int, int]:
    """What is another once a file was changed or replaced, however old it is made to look."""
    found = file.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns


@lru_cache(maxsize=16)
def _digest(file: Path, *_as_it_is: int) -> str:
    with open(file, "rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=16)
def _hold_to_signature(file: Path, *_as_it_is: int) -> None:
    """Raise duckdb.Error unless its maker signed the file. DuckDB reads all of it for that, 35 MB, for each connection
    that loads it: so it is asked once in a process for each file as it is.
    """
    with closing(duckdb.connect(config={"autoinstall_known_extensions": False})) as connection:
        connection.execute(f"LOAD {quoted(str(file))}")
