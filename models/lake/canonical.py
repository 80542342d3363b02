"""The canonical bytes of a stored row, which its leaf hash is taken over; the same in DuckDB and in Python.

    v1|<table>|<batch_id>|<n>|<field>|<field>…

joined by `|`, in UTF-8. A text field is `<length in bytes>|<text>`, or `-1` when NULL; any other field is its text,
empty when NULL: integers in decimal, booleans true or false, decimals with their two places, times as microseconds
since 1970 (UTC). Each length says where its text ends, so no two rows share bytes. A seal tells how many columns it
covers: columns that a later version adds leave old seals valid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def leaf_sql(table: str, schema: pa.Schema, columns: int | None = None) -> str:
    """An SQL expression over `batch_id`, `n` and the first `columns` of `schema`: the row's leaf hash as a BLOB."""
    fields = ["'v1'", f"'{table}'", "batch_id", "n", *(_field_sql(field) for field in list(schema)[:columns])]
    return f"unhex(sha256(chr(0) || concat_ws('|', {', '.join(fields)})))"


def canonical_bytes(table: str, schema: pa.Schema, row: Mapping[str, Any], columns: int | None = None) -> bytes:
    """The canonical bytes of one row given as Python values; what `leaf_sql` hashes after a zero byte."""
    parts = ["v1", table, str(row["batch_id"]), str(row["n"])]
    for field in list(schema)[:columns]:
        parts += _field_texts(field, row[field.name])
    return "|".join(parts).encode()


@dataclass(frozen=True, slots=True)
class Seal:
    """A digest over the rows of one table in one batch, chained to the writer's seal before it. Hashes are hex."""

    batch_id: int
    writer: str
    table_name: str
    rows: int
    root: str
    previous: str
    sealed_at: datetime
    number: int
    columns: int

    @property
    def data(self) -> bytes:
        """The bytes of this seal's leaf in the tree of seals."""
        moment = _microseconds(self.sealed_at)
        parts = (
            "seal-v1",
            self.batch_id,
            self.number,
            self.table_name,
            self.rows,
            self.columns,
            self.root,
            self.previous,
            moment,
            self.writer,
        )
        return "|".join(map(str, parts)).encode()

    @property
    def digest(self) -> bytes:
        """This seal's leaf hash; in hex it is the next seal's `previous`."""
        return sha256(b"\x00" + self.data).digest()


FIRST = sha256(b"").hexdigest()
"""`previous` of a writer's first seal."""


def seals_from(rows: Sequence[Mapping[str, Any]]) -> list[Seal]:
    """Seals from rows of the table `seals`."""
    return [Seal(**{name: row[name] for name in Seal.__slots__}) for row in rows]


def _field_sql(field: pa.Field) -> str:
    name = f'"{field.name}"'
    if pa.types.is_string(field.type):
        return f"coalesce(strlen({name}), -1), {name}"
    if pa.types.is_timestamp(field.type):
        return f"coalesce(CAST(epoch_us({name}) AS VARCHAR), '')"
    return f"coalesce(CAST({name} AS VARCHAR), '')"


def _field_texts(field: pa.Field, value: Any) -> list[str]:
    if pa.types.is_string(field.type):
        return ["-1"] if value is None else [str(len(value.encode())), value]
    if value is None:
        return [""]
    if pa.types.is_timestamp(field.type):
        return [str(_microseconds(value))]
    if pa.types.is_boolean(field.type):
        return ["true" if value else "false"]
    return [str(value)]


def _microseconds(moment: datetime) -> int:
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
