"""Whether the audit lake is what was sealed: rows, seals, checkpoints, witness, files and catalogue.

Safe beside a running writer, right after a kill and after any merge: what an append or a merge leaves half-way is not
in the lake. Works where a copy of the home lies.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from models.domain.errors import Misconfigured
from models.lake import witness as kept
from models.lake.breach import Breach, Report
from models.lake.catalogue_copy import NoCopy
from models.lake.connection import attached, open_lake
from models.lake.manifest import Manifest
from models.lake.object_storage import PASSWORDS
from models.lake.places import catalogue
from models.lake.signing import public_key
from models.lake.verify_files import FileCheck
from models.lake.verify_journal import JournalCheck
from models.lake.verify_sealed import verify_sealed
from models.lake.witness_reach import attested
from models.settings import Settings

__all__ = ["Breach", "Report", "verify"]


def verify(settings: Settings, witness: Path | None = None, memory_mib: int = 512, threads: int = 2) -> Report:
    """Every breach of the lake that `settings` names, each with its table and, where it is known, its batch.

    `witness` is a file or folder of kept checkpoints; the default is the one checkpoints are pushed to. Without a
    witness out of reach a whole lake, key and all, could be replaced unseen. Raises Misconfigured where nothing can be
    told: the catalogue is out of reach, no lake ever was, for nothing is not whole, or a witness is named and has no
    checkpoint, for an answer without it would be taken for one with it.
    """
    if witness is not None and not kept.notes(witness):
        raise Misconfigured(
            f"the witness {witness} keeps no checkpoint: give the file or folder that checkpoints are pushed to "
            "(TIEOUT_WITNESS)"
        )
    report = Report()
    place = witness or kept.witness_path(settings)
    try:
        connection = open_lake(settings, memory_mib=memory_mib, threads=threads)
    except Misconfigured as error:
        if not _in_reach(settings):
            raise
        report.add(None, "catalogue", str(error))
        return report
    try:
        if "lake" not in attached(connection):
            _report_no_lake(connection, settings, place, report)
            return report
        _verify(connection, settings, place, report)
    finally:
        connection.close()
    if report.sound and not report.batches:
        raise Misconfigured(
            "nothing to verify: the audit lake has no sealed batch yet. An empty lake is not a whole one: where there "
            "was more, name a witness with --witness"
        )
    report.breaches.sort(key=lambda breach: (breach.batch_id is None, breach.batch_id or 0, breach.table))
    return report


def _in_reach(settings: Settings) -> bool:
    """Whether the catalogue can be read at all: one that is not within reach, or not ours to read, proves nothing."""
    kind, _, path = catalogue(settings.lake_catalog_address).partition(":")
    return kind == "sqlite" and os.access(path, os.R_OK)


def _verify(connection: duckdb.DuckDBPyConnection, settings: Settings, place: Path, report: Report) -> None:
    try:
        FileCheck(connection, settings, report).run()
    except (duckdb.Error, NoCopy) as error:
        report.add(None, "catalogue", f"cannot be read: {str(error).splitlines()[0]}")
        return
    # The witness first: it never runs ahead of a lake that is read after it.
    remembered = kept.notes(place)
    report.witness = attested(settings, place, remembered)
    if not verify_sealed(connection, public_key(settings), remembered, report):
        return
    try:
        JournalCheck(connection, settings, report).run()
    except duckdb.Error as error:
        report.journal = f"journal: not compared, it or the lake cannot be read: {str(error).splitlines()[0]}"


def _report_no_lake(connection: duckdb.DuckDBPyConnection, settings: Settings, place: Path, report: Report) -> None:
    manifest = Manifest(settings)
    try:
        remembered = bool(kept.notes(place) or manifest.entries())
        remembered = remembered or JournalCheck(connection, settings, report).promised() > 0
    finally:
        manifest.close()
    place_of = PASSWORDS.sub(r"\1…", settings.lake_catalog_address)
    if not remembered:
        raise Misconfigured(
            f"nothing to verify: there is no audit lake at {place_of}, nor a checkpoint of one; "
            "check TIEOUT_HOME and TIEOUT_LAKE_CATALOG, or name a witness with --witness"
        )
    report.add(
        None,
        "catalogue",
        f"the lake's catalogue {place_of} is gone, but checkpoints or files of it are kept, or the journal's "
        "word that it was there",
    )
