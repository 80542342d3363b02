"""Opens the sealed values of the lake for a derivation: each once, into a table that the SQL of the state joins."""

from __future__ import annotations

import duckdb
import orjson
import pyarrow as pa

from models.keys.keyring import ERASED, SEALED, Keyring

_PUT = "INSERT INTO derived.state.cleared SELECT * FROM found"


def clear(connection: duckdb.DuckDBPyConnection, sql: str, keys: Keyring | None) -> int:
    """Open what `sql` names as sealed and not opened yet; how many. Without `keys` they stay as they are, and so does
    what only begins like one: what is computed of them is empty.

    Raises what `Keyring.opened` does: a derivation without its keys would show no rate and not say why.
    """
    sealed = [name for (name,) in connection.execute(sql).fetchall() if SEALED.fullmatch(name)]
    if keys is None or not sealed:
        return 0
    keys.fetch(sealed)
    found = pa.table({"sealed": sealed, "value": pa.array([_value(keys.opened(one)) for one in sealed], pa.string())})
    connection.register("found", found)
    connection.execute(_PUT)
    connection.unregister("found")
    return len(sealed)


def _value(content: str) -> str | None:
    return None if content == ERASED else str(orjson.loads(content))
