"""How a reading is asked: one statement, within the viewer's scope, as frozen rows that hold nothing they may not read.

A reading is a function `(stores, viewer, filters…) -> tuple of rows` in the folder of its question, beside the SQL it
asks and the rows it answers. It calls `rows` and never the stores, so scope and masking cannot be left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from app.readings.clear import opened_row
from app.readings.domains import clear_of
from app.readings.masking import masked_rows
from app.readings.scope import scoped
from app.readings.stores import Stores
from app.readings.viewer import Viewer

Row = TypeVar("Row")
_PARAMETER = re.compile(r"\$(\w+)")


def rows(stores: Stores, viewer: Viewer, sql: str, row: type[Row], **parameters: Any) -> tuple[Row, ...]:
    """The statement's answer for this viewer; each `$name` in it is bound from `parameters`.

    Raises TypeError where its columns are not the fields of `row`, and the lake's own errors.
    """
    found = answers(stores, viewer, sql, parameters)
    if not viewer.bounded:
        return masked_rows(row, found, viewer.clear)
    return tuple(shown for one in found for shown in masked_rows(row, (one,), clear_of(stores, viewer, one)))


def answers(stores: Stores, viewer: Viewer, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statement's answer within this viewer's scope, before masking: for readings that mask by more than a row."""
    text = scoped(sql, viewer)
    given = {**parameters, "entities": list(viewer.entities)}
    found = stores.lake.rows(text, {name: given[name] for name in set(_PARAMETER.findall(text))})
    if not viewer.clear_somewhere:
        return found
    return [opened_row(stores, row, clear_of(stores, viewer, row)) for row in found]
