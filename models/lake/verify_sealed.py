"""Verification of what was sealed, the same in the lake and in an export of it."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from models.lake.breach import Report
from models.lake.verify_rows import verify_nothing_unsealed, verify_rows
from models.lake.verify_seals import Log


def verify_sealed(
    connection: duckdb.DuckDBPyConnection, key: Ed25519PublicKey | None, remembered: Sequence[str], report: Report
) -> bool:
    """Report each breach of seals, of checkpoints (`remembered` are the witness's) and of rows, with or without a seal.
    False where the seals cannot be read, which is a breach too.
    """
    try:
        for page in Log(connection, report, key, remembered).pages():
            report.batches += len({seal.batch_id for seal in page})
            verify_rows(connection, page, report)
        verify_nothing_unsealed(connection, report)
    except duckdb.Error as error:
        report.add(None, "seals", f"cannot be read: {str(error).splitlines()[0]}")
        return False
    return True
