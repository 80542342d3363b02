"""`tieout verify`: the proof that the audit lake, or an export of it, is whole."""

from __future__ import annotations

import json
from pathlib import Path

from app.cli.installation import installation
from app.cli.output import Format
from models.lake.verify import Breach, Report
from models.lake.verify import verify as prove
from models.lake.verify_export import verify_export

SHOWN = 50


def verify(export: Path | None, witness: Path | None, form: Format) -> int:
    """Print what was found of the lake here or of an export; 0 when nothing is wrong, 1 when something is; where it
    cannot be told, Misconfigured ends the command with 2.
    """
    report = verify_export(export, witness) if export else prove(installation(), witness)
    print(_as_json(report) if form is Format.json else as_text(report))
    return 0 if report.sound else 1


def _as_json(report: Report) -> str:
    things = [{"batch_id": one.batch_id, "table": one.table, "what": one.what} for one in report.things()]
    looked = {"batches": report.batches, "rows": report.rows, "checkpoints": report.checkpoints}
    beside = {"witness": report.witness, "journal": report.journal}
    return json.dumps({"whole": report.sound, **looked, **beside, "breaches": things})


def as_text(report: Report) -> str:
    """What is altered, a line each, the verdict, and what stands beside it."""
    things = report.things()
    lines = [f"BROKEN  {_where(one)}: {one.what}" for one in things[:SHOWN]]
    if len(things) > SHOWN:
        lines.append(f"… and {len(things) - SHOWN} more")
    verdict = "whole" if report.sound else f"{len(things)} {'thing' if len(things) == 1 else 'things'} altered"
    sealed = f"{report.rows:,} rows in {report.batches:,} sealed batches"
    lines.append(f"{verdict}: {sealed}, {report.checkpoints:,} signed checkpoints")
    return "\n".join([*lines, *(said for said in (report.witness, report.journal) if said)])


def _where(one: Breach) -> str:
    if one.table == "journal":
        return one.table
    return f"{'catalogue' if one.batch_id is None else f'batch {one.batch_id}'}, {one.table or 'lake'}"
