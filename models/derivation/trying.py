"""What rules would make of spans and logs: by the very SQL of the marts, in memory and beside every store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from models.catalogue import Books, Elsewhere
from models.derivation.deriving import Terms
from models.derivation.elsewhere import open_rules
from models.lake.schema import LOGS, SPANS
from models.marts.definitions import marts

_FIRST = [("batch_id", pa.int64()), ("n", pa.int32())]
_MADE = ("mart_foreign_run", "mart_foreign_failure")


def tried(
    elsewhere: Elsewhere, spans: Sequence[Mapping[str, Any]], logs: Sequence[Mapping[str, Any]] = ()
) -> dict[str, list[dict[str, Any]]]:
    """The rows of `mart_foreign_run` and `mart_foreign_failure` that these rows of the audit lake would make."""
    terms = Terms("EUR", None, {}, Books(), elsewhere)
    with closing(duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 1})) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("ATTACH ':memory:' AS derived; CREATE SCHEMA derived.state")
        connection.register("spans", pa.Table.from_pylist(list(spans), pa.schema([*_FIRST, *SPANS])))
        connection.register("logs", pa.Table.from_pylist(list(logs), pa.schema([*_FIRST, *LOGS])))
        open_rules(connection, elsewhere)
        for mart in marts():
            for sql in mart.statements.values() if mart.name in _MADE else ():
                asked = terms.bound(sql.replace("{columns}", mart.schema), datetime.now(UTC), 0)
                connection.execute(asked.replace("{foreign_mark}", "0"))
        return {
            name: connection.execute(f"SELECT * FROM derived.state.{name} ORDER BY ALL").to_arrow_table().to_pylist()
            for name in _MADE
        }
