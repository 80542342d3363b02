"""The first sheet of a workbook (xlsx) as comma-separated text, one line a row, to be read like any other table.

Numbers are written as Excel shows them, with a point; dates as yyyy-mm-dd, with h:mm:ss where they have a time; spans
of time as h:mm:ss. A text that is merged over rows stands in each of them; a number never does: it would count twice.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from typing import IO, Any

from lxml import etree

MARK = b"PK\x03\x04"
LARGEST = 256 << 20
"""Bytes of a workbook once it is unpacked: a small file may pretend to hold the world."""
_WIDEST = 1_000
_DATES = {14, 15, 16, 17, 22, 27, 30, 36, 50, 57}
_SPANS = {18, 19, 20, 21, 45, 46, 47}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.I)
_PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_NUMBER = re.compile(r"[+-]?[\d.,]+")
Grid = dict[int, dict[int, tuple[str, bool]]]
"""Cells by row and column, from 1; whether each is text."""


class NoWorkbook(ValueError):
    """Content that begins as a workbook and cannot be read as one."""


def table_of(content: bytes) -> bytes:
    """The first visible sheet as CSV in UTF-8. Raises NoWorkbook with the reason."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as book:
            if sum(part.file_size for part in book.infolist()) > LARGEST:
                raise NoWorkbook(f"it unpacks to more than {LARGEST >> 20} MiB")
            return _written(_merged(book, *_read(book)))
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError, EOFError, NotImplementedError, RuntimeError) as error:
        raise NoWorkbook(
            f"it is no workbook that can be read ({type(error).__name__}): save it as CSV UTF-8"
        ) from error


def _read(book: zipfile.ZipFile) -> tuple[str, Grid]:
    main = _tree(book, "xl/workbook.xml")
    sheets = [one for one in _all(main, "sheet") if one.get("state", "visible") == "visible"]
    if not sheets:
        raise NoWorkbook("it has no visible sheet")
    relation = next(value for name, value in sheets[0].attrib.items() if str(name).endswith("}id"))
    targets = {one.get("Id"): one.get("Target") for one in _tree(book, "xl/_rels/workbook.xml.rels")}
    target = str(targets[relation])
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    since = datetime(1904, 1, 1) if _flag(main) else datetime(1899, 12, 30)
    return path, _cells(book, path, _texts(book), _formats(book), since)


def _cells(book: zipfile.ZipFile, path: str, texts: list[str], formats: list[str], since: datetime) -> Grid:
    grid: Grid = {}
    with book.open(path) as part:
        for cell in _elements(part, "c"):
            found = _PLACE.fullmatch(cell.get("r") or "")
            if found is None:
                raise NoWorkbook("a cell of it does not say where it stands")
            column, row = _column(found[1]), int(found[2])
            value = _value(cell, texts, formats, since)
            if value is not None and column <= _WIDEST:
                grid.setdefault(row, {})[column] = value
    return grid


def _value(cell: Any, texts: list[str], formats: list[str], since: datetime) -> tuple[str, bool] | None:
    kind, said = cell.get("t", "n"), "".join(_text(one) for one in _all(cell, "v"))
    if kind == "inlineStr":
        return "".join(_text(one) for one in _all(cell, "t")), True
    if said == "":
        return None
    if kind == "s":
        return texts[int(said)], True
    if kind == "b":
        return ("true" if said == "1" else "false"), False
    if kind != "n":
        return said, True
    style = int(cell.get("s", "0"))
    return _number(said, formats[style] if style < len(formats) else "", since), False


def _number(said: str, form: str, since: datetime) -> str:
    """A number with the fifteen digits that Excel keeps, or what its format makes of it."""
    if form == "date":
        moment = since + timedelta(days=float(said))
        moment = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
        return moment.date().isoformat() if moment.time() == moment.min.time() else moment.strftime("%Y-%m-%d %H:%M:%S")
    if form == "span":
        seconds = round(float(said) * 86_400)
        return f"{'-' if seconds < 0 else ''}{abs(seconds) // 3600}:{abs(seconds) // 60 % 60:02}:{abs(seconds) % 60:02}"
    return format(Decimal(format(float(said), ".15g")), "f")


def _merged(book: zipfile.ZipFile, path: str, grid: Grid) -> Grid:
    with book.open(path) as part:
        for one in _elements(part, "mergeCell"):
            first, _, last = str(one.get("ref")).partition(":")
            begin, end = _PLACE.fullmatch(first), _PLACE.fullmatch(last)
            if begin is None or end is None or begin[1] != end[1]:
                continue
            column = _column(begin[1])
            held = grid.get(int(begin[2]), {}).get(column)
            if held is not None and held[1] and not _NUMBER.fullmatch(held[0]):
                for row in range(int(begin[2]) + 1, min(int(end[2]), max(grid)) + 1):
                    grid.setdefault(row, {}).setdefault(column, held)
    return grid


def _written(grid: Grid) -> bytes:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    wide = max((column for row in grid.values() for column in row), default=0)
    for number in range(1, max(grid, default=0) + 1):
        row = grid.get(number, {})
        if row:
            writer.writerow([" ".join(row[at][0].split()) if at in row else "" for at in range(1, wide + 1)])
        else:
            out.write("\n")
    return out.getvalue().encode()


def _texts(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    with book.open("xl/sharedStrings.xml") as part:
        return ["".join(_text(run) for run in _runs(one)) for one in _elements(part, "si")]


def _runs(one: Any) -> Iterator[Any]:
    """A text's runs, without what is said of how it is pronounced."""
    for run in _all(one, "t"):
        if not str(run.getparent().tag).endswith("}rPh"):
            yield run


def _formats(book: zipfile.ZipFile) -> list[str]:
    """What each style makes of a number: `date`, `span` or nothing."""
    if "xl/styles.xml" not in book.namelist():
        return []
    tree = _tree(book, "xl/styles.xml")
    own = {int(one.get("numFmtId")): str(one.get("formatCode")) for one in _all(tree, "numFmt")}
    styles = [one for group in _all(tree, "cellXfs") for one in group]
    return [_form(int(one.get("numFmtId", "0")), own) for one in styles]


def _form(number: int, own: Mapping[int, str]) -> str:
    if number in own:
        code = _QUOTED.sub("", own[number]).lower().partition(";")[0]
        if "[h" in code or ("h" in code and not re.search(r"[yd]", code)):
            return "span"
        return "date" if re.search(r"[yd]", code) and "general" not in code else ""
    return "date" if number in _DATES else "span" if number in _SPANS else ""


def _elements(part: IO[bytes], name: str) -> Iterator[Any]:
    """The elements of a name, each forgotten once it was looked at."""
    for _, element in etree.iterparse(
        part, tag=f"{{*}}{name}", resolve_entities=False, no_network=True, load_dtd=False
    ):
        yield element
        element.clear()


def _tree(book: zipfile.ZipFile, path: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(book.read(path), parser)


def _all(element: Any, name: str) -> Iterator[Any]:
    found: Iterator[Any] = element.iter(f"{{*}}{name}")
    return found


def _text(element: Any) -> str:
    return str(element.text or "")


def _flag(main: Any) -> bool:
    return any(one.get("date1904") in ("1", "true") for one in _all(main, "workbookPr"))


def _column(name: str) -> int:
    number = 0
    for sign in name:
        number = number * 26 + ord(sign) - 64
    return number
