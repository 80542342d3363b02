"""Journal records as rows of the lake's `records`, secrets masked; what does not fit goes to the quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
import pyarrow as pa

from collectors.pipeline.hint import hinted
from collectors.pipeline.protect import protected_content, protected_json
from collectors.pipeline.rows import CONTENT_LIMIT, Rows
from models.domain.record import Record
from models.domain.secrets import secret_name, without_secrets
from models.lake.schema import RECORDS

_CENT = Decimal("0.01")
_NAMES = tuple(field.name for field in fields(Record) if field.name not in ("body", "amount"))


def record_rows(records: Sequence[Record], recorded_at: datetime) -> Rows:
    """Rows of all records, stored at `recorded_at` (wall time)."""
    rows = Rows()
    try:
        rows.add("records", _table(records, recorded_at))
    except (pa.ArrowException, TypeError, ValueError, OverflowError, RecursionError, InvalidOperation) as error:
        if len(records) == 1:
            rows.quarantine.append(_refused(records[0], recorded_at, error))
        else:
            for record in records:
                rows.extend(record_rows([record], recorded_at))
    return rows


def _table(records: Sequence[Record], recorded_at: datetime) -> pa.Table:
    columns: dict[str, Any] = {name: [getattr(record, name) for record in records] for name in _NAMES}
    columns["kind"] = [str(record.kind) for record in records]
    columns["amount"] = [None if record.amount is None else record.amount.quantize(_CENT) for record in records]
    columns["body"] = _bodies(records)
    columns["recorded_at"] = [recorded_at] * len(records)
    return pa.Table.from_pydict(columns, RECORDS)


def _bodies(records: Sequence[Record]) -> list[str | None]:
    """Bodies as JSON; those that may hold a secret are looked through."""
    texts = [None if record.body is None else _json(record.body) for record in records]
    looked = zip(texts, hinted([(text or "").encode() for text in texts]), strict=True)
    return [protected_json(text) if near and text else text for text, near in looked]


def _refused(record: Record, recorded_at: datetime, error: Exception) -> dict[str, Any]:
    content = protected_content({name: getattr(record, name) for name in Record.__slots__}, secret_name)
    return {
        "recorded_at": recorded_at,
        "receiver": "feed",
        "sender": "journal",
        "error_code": "record",
        "path": "",
        "reason": without_secrets(f"the record does not fit its columns: {error}"),
        "content": content[:CONTENT_LIMIT],
        "content_bytes": len(content),
    }


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
