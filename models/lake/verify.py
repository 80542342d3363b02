"""Whether the audit lake is what was sealed: rows, seals, checkpoints, witness, files and catalogue.

Safe beside a running writer, right after a kill and after any merge: what an append or a merge leaves half-way is not
in the lake. Works where a copy of the home lies.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from models.domain.errors import Misconfigured
from models.lake import witness as kept
from models.lake.breach import Breach, Report
from models.lake.catalogue_copy import NoCopy, copy_catalogue
from models.lake.connection import attached, catalogue, open_lake
from models.lake.manifest import Manifest
from models.lake.signing import public_key
from models.lake.verify_files import FileCheck
from models.lake.verify_rows import verify_nothing_unsealed, verify_rows
from models.lake.verify_seals import Log
from models.settings import Settings

__all__ = ["Breach", "Report", "verify"]


def verify(settings: Settings, witness: Path | None = None, memory_mib: int = 512, threads: int = 2) -> Report:
    """Every breach of the lake that `settings` names, each with its table and, where it can be told, its batch.

    `witness` is a file or folder of kept checkpoints; the default is the one checkpoints are pushed to. Without a
    witness out of reach a whole lake, key and all, could be replaced unseen. Raises Misconfigured when a witness is
    named and has no checkpoint: an answer without it would be taken for one with it.
    """
    if witness is not None and not kept.notes(witness):
        raise Misconfigured(f"the witness {witness} keeps no checkpoint: give the file or folder that checkpoints are pushed to (TIEOUT_WITNESS)")
    report = Report()
    place = witness or kept.witness_path(settings)
    try:
        connection = open_lake(settings, memory_mib=memory_mib, threads=threads)
    except Misconfigured as error:
        report.add(None, "catalogue", str(error))
        return report
    try:
        if "lake" not in attached(connection):
            _report_no_lake(settings, place, report)
            return report
        _verify(connection, settings, place, report)
    finally:
        connection.close()
    report.breaches.sort(key=lambda breach: (breach.batch_id is None, breach.batch_id or 0, breach.table))
    return report


def _verify(connection: duckdb.DuckDBPyConnection, settings: Settings, place: Path, report: Report) -> None:
    try:
        FileCheck(connection, settings, report).run()
    except (duckdb.Error, NoCopy) as error:
        report.add(None, "catalogue", f"cannot be read: {str(error).splitlines()[0]}")
        return
    # The witness first: it never runs ahead of a lake that is read after it.
    remembered = kept.notes(place)
    try:
        with _at_one_moment(connection, settings) as still:
            log = Log(still, report, public_key(settings), remembered)
            for page in log.pages():
                report.batches += len({seal.batch_id for seal in page})
                verify_rows(still, page, report)
            verify_nothing_unsealed(still, report)
    except (duckdb.Error, NoCopy) as error:
        report.add(None, "seals", f"cannot be read: {str(error).splitlines()[0]}")


@contextmanager
def _at_one_moment(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The lake as its catalogue stands now, whatever a writer or a merge does meanwhile.

    A live SQLite catalogue is read table by table, each in a transaction of its own, so a merge in between hides rows. The
    files that a merge replaced stay for their grace period, so the rows of that moment can still be read.
    """
    kind, _, path = catalogue(settings.lake_catalog_address).partition(":")
    if kind == "postgres":
        yield connection
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "catalog.sqlite"
        copy_catalogue(Path(path), copy)
        still = open_lake(settings.model_copy(update={"lake_catalog": str(copy), "lake_data": settings.lake_data_address}))
        try:
            yield still
        finally:
            still.close()


def _report_no_lake(settings: Settings, place: Path, report: Report) -> None:
    manifest = Manifest(settings)
    try:
        remembered = bool(kept.notes(place) or manifest.entries())
    finally:
        manifest.close()
    if remembered:
        report.add(None, "catalogue", f"the lake's catalogue {settings.lake_catalog_address} is gone, but checkpoints or files of it are kept")
