"""`tieout verify`: the proof that the audit lake is whole."""

from __future__ import annotations

import json
from pathlib import Path

from app.cli.installation import installation
from app.cli.output import Format
from models.lake.verify import verify as prove


def verify(witness: Path | None, form: Format) -> int:
    """Print what was found; 0 when nothing is wrong, 1 when something is; where it cannot be told, Misconfigured ends
    the command with 2.
    """
    report = prove(installation(), witness)
    breaches = [{"batch_id": b.batch_id, "table": b.table, "what": b.what} for b in report.breaches]
    if form is Format.json:
        print(
            json.dumps(
                {
                    "whole": not breaches,
                    "batches": report.batches,
                    "rows": report.rows,
                    "checkpoints": report.checkpoints,
                    "breaches": breaches,
                }
            )
        )
        return 1 if breaches else 0
    for breach in breaches[:50]:
        where = f"batch {breach['batch_id']}" if breach["batch_id"] is not None else "catalogue"
        print(f"BROKEN  {where}, {breach['table'] or 'lake'}: {breach['what']}")
    if len(breaches) > 50:
        print(f"… and {len(breaches) - 50} more")
    verdict = f"{len(breaches)} breaches" if breaches else "whole"
    sealed = f"{report.rows:,} rows in {report.batches:,} sealed batches"
    print(f"{verdict}: {sealed}, {report.checkpoints:,} signed checkpoints")
    return 1 if breaches else 0
