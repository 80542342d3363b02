"""Tables people take away: CSV that a spreadsheet opens, without formulas smuggled in by a name."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

import streamlit as st

from app.console.asking import audit
from app.readings.viewer import Viewer

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(rows: Iterable[object]) -> bytes:
    """The rows (of a reading, or mappings) as UTF-8 CSV with a byte-order mark, numbers plain, times ISO, what is
    masked as its mask; text that looks like a formula is quoted by an apostrophe.
    """
    listed = [_named(row) for row in rows]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(listed[0]) if listed else ["nothing"], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in listed)
    return out.getvalue().encode("utf-8-sig")


def _named(row: Any) -> Mapping[str, Any]:
    return row if isinstance(row, Mapping) else {field.name: getattr(row, field.name) for field in fields(row)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def download(viewer: Viewer, label: str, file: str, content: Callable[[], bytes], why_not: str | None) -> None:
    """A download button; the content is made, and the taking kept in the audit lake, when it is pressed. Disabled, it
    says why.
    """

    def taken() -> bytes:
        audit(viewer, "exported", file)
        return content()

    st.download_button(
        label,
        data=taken if not why_not else b"",
        file_name=file,
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        key=f"get_{file}",
        disabled=why_not is not None,
        help=why_not,
        width="content",
    )
