"""Workbooks as Excel stores them: shared strings, styles, dates as days since 1900, merged cells."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from io import BytesIO
from xml.sax.saxutils import escape

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_IDS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
STYLES = ("General", "date", "span")
Value = str | int | float | bool | date | timedelta | None


def workbook(rows: Sequence[Sequence[Value]], merged: Sequence[str] = (), hidden: bool = False) -> bytes:
    """A workbook with these rows; with `hidden` another sheet stands before it that nobody sees."""
    texts: list[str] = []
    body = "".join(
        f'<row r="{number}">{"".join(_cell(number, at, one, texts) for at, one in enumerate(row))}</row>'
        for number, row in enumerate(rows, 1)
    )
    merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in merged)
    sheet = f"<worksheet {_MAIN}><sheetData>{body}</sheetData><mergeCells>{merges}</mergeCells></worksheet>"
    strings = "".join(
        f"<si><r><t xml:space='preserve'>{escape(one)}</t></r><rPh sb='0' eb='1'><t>spoken</t></rPh></si>"
        for one in texts
    )
    first = '<sheet name="Notes" sheetId="1" state="hidden" r:id="rId1"/>' if hidden else ""
    parts = {
        "xl/workbook.xml": f'<workbook {_MAIN} {_IDS}><sheets>{first}<sheet name="Time" sheetId="2" r:id="rId2"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": "<Relationships>"
        '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}><sheetData/></worksheet>",
        "xl/worksheets/sheet2.xml": sheet,
        "xl/sharedStrings.xml": f"<sst {_MAIN}>{strings}</sst>",
        "xl/styles.xml": f'<styleSheet {_MAIN}><numFmts><numFmt numFmtId="164" formatCode="[h]:mm"/></numFmts>'
        '<cellStyleXfs><xf numFmtId="0"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>',
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, _HEAD + text)
    return out.getvalue()


def _cell(row: int, at: int, value: Value, texts: list[str]) -> str:
    place = f'r="{chr(65 + at)}{row}"'
    if value is None:
        return ""
    if isinstance(value, str):
        texts.append(value)
        return f'<c {place} t="s"><v>{len(texts) - 1}</v></c>'
    if isinstance(value, bool):
        return f'<c {place} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, timedelta):
        return f'<c {place} s="2"><v>{value / timedelta(days=1)!r}</v></c>'
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())
        return f'<c {place} s="1"><v>{(moment - datetime(1899, 12, 30)) / timedelta(days=1):g}</v></c>'
    return f"<c {place}><v>{value!r}</v></c>"
