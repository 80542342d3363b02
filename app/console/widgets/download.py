"""Tables people take away: CSV that a spreadsheet opens, without formulas smuggled in by a name."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import streamlit as st

from app.readings.viewer import Viewer

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The rows as UTF-8 CSV with a byte-order mark, numbers plain, times ISO; text that looks like a formula is quoted
    by an apostrophe.
    """
    listed = list(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(listed[0]) if listed else ["nothing"], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in listed)
    return out.getvalue().encode("utf-8-sig")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def download(viewer: Viewer, label: str, file: str, content: Callable[[], bytes], why_not: str | None) -> None:
    """A download button; the content is made when it is pressed. Disabled, it says why."""
    st.download_button(
        label,
        data=content if not why_not else b"",
        file_name=file,
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        key=f"get_{file}",
        disabled=why_not is not None,
        help=why_not,
        width="content",
    )
