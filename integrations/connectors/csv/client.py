"""Records of a delimited file with their byte offsets, so that a reader resumes exactly where it stopped."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from integrations.connectors.csv.shapes import Shaped, delimiter_of
from models.domain.errors import Misconfigured, Retriable, Unmappable

LONGEST = 256 * 1024
DELIMITERS = (",", ";", "\t", "|")
_TITLES = 30  # lines above a header
_QUOTED = re.compile(rb'"(?:[^"]|"")*')


@dataclass(frozen=True, slots=True)
class Record:
    """One data row: its place in bytes, its columns, or the fault that makes it unreadable. `closed` = it ends with a
    line end; `line` is where it begins, counted from 1, or 0 where the file was not read from its beginning.
    """

    start: int
    end: int
    closed: bool
    text: str
    columns: Mapping[str, str]
    fault: Unmappable | None = None
    line: int = field(default=0, compare=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]


class CsvFile:
    """A file with a header row. Text is UTF-8; a record that is not is read as Windows-1252, since exports mix both.
    Without a `delimiter` the one that the file's first line names (`sep=;`) counts, else a comma.

    With `wanted` columns the header is the first line that has them all, by whichever delimiter: people put titles over
    their tables.
    """

    def __init__(self, path: Path, delimiter: str | None = None, wanted: frozenset[str] = frozenset()) -> None:
        self.path, self._given, self._wanted = path, delimiter, wanted
        self._shaped = Shaped(path)

    @property
    def changed_at(self) -> datetime:
        return datetime.fromtimestamp(self._stat()[0] // 1_000_000 / 1000, UTC)

    @property
    def stamp(self) -> tuple[int, int]:
        """Changes whenever the file does: modification time in nanoseconds and size in bytes."""
        return self._stat()

    def digest(self, end: int) -> str:
        """SHA-256 of the first `end` bytes: the same as long as the file was only appended to."""
        seen = hashlib.sha256()
        with self._open() as file:
            left = end
            while left > 0 and (block := file.read(min(left, 1 << 20))):
                seen.update(block)
                left -= len(block)
        return seen.hexdigest()

    def records(self, start: int = 0) -> Iterator[Record]:
        """Data rows from a byte offset on (0: from the first one). Blank lines are no rows."""
        with self._open() as file:
            names, delimiter = self._header(file)
            line = 0 if start > file.tell() else _lines_before(file)
            file.seek(max(start, file.tell()))
            while True:
                place = file.tell()
                raw, fault = _piece(file, delimiter)
                if not raw:
                    return
                if raw.strip():
                    yield _record(place, file.tell(), raw, names, delimiter, fault, line)
                line += raw.count(b"\n") if line else 0

    @property
    def delimiter(self) -> str:
        """What stands between its columns."""
        with self._open() as file:
            return self._header(file)[1]

    def _header(self, file: BinaryIO) -> tuple[list[str], str]:
        """The columns' names and the delimiter; the file stands behind its header then."""
        said = delimiter_of(file)
        named = self._given or said
        if not self._wanted:
            header, _ = _piece(file, named or ",")
            return self._names(header, named or ","), named or ","
        nearest: list[str] = []
        for _ in range(_TITLES):
            place = file.tell()
            for delimiter in [named] if named else DELIMITERS:
                file.seek(place)
                header, _ = _piece(file, delimiter)
                names = [name.strip() for name in _cells(_unmarked(header), delimiter) or ()]
                if self._wanted <= set(names):
                    return self._names(header, delimiter), delimiter
                nearest = max(nearest, names, key=lambda one: len(self._wanted & set(one)))
            file.seek(place)
            if not file.readline():
                break
        raise Misconfigured(
            f"{self.path} has no header row with the columns {', '.join(sorted(self._wanted))}: "
            f"{self._lacking(nearest)}name them as the mapping does"
        )

    def _lacking(self, nearest: Sequence[str]) -> str:
        """What the line that comes nearest to a header has not; nothing where none comes near."""
        missing = self._wanted - set(nearest)
        if missing == self._wanted:
            return ""
        twice = sorted({name for name in nearest if name and nearest.count(name) > 1})
        said = f" and names {twice[0]} twice" if twice else ""
        return f"the nearest line lacks {', '.join(sorted(missing))}{said}; "

    def _names(self, header: bytes, delimiter: str) -> list[str]:
        """The columns' names; raises Misconfigured where there are none, or one that two columns share."""
        names = [name.strip() for name in _cells(_unmarked(header), delimiter) or ()]
        if not any(names):
            raise Misconfigured(
                f"{self.path} has no readable header row: the mapping needs the column names in the first line"
            )
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if twice:
            raise Misconfigured(
                f"the header of {self.path} names column {twice[0]} twice, so that nobody can say which one counts: "
                "give each its own name"
            )
        return names

    def _open(self) -> BinaryIO:
        with self._readable():
            return self._shaped.open(self._stat())

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise Misconfigured(
                f"{self.path} is not there: put the file in place or change `folder` in the systems file"
            ) from None
        except OSError as error:
            raise Retriable(f"{self.path} cannot be read now: {error.strerror}") from error

    def _stat(self) -> tuple[int, int]:
        with self._readable():
            found = self.path.stat()
        return found.st_mtime_ns, found.st_size


def _unmarked(header: bytes) -> str:
    return decoded(header.removeprefix(b"\xef\xbb\xbf"))


def _lines_before(file: BinaryIO) -> int:
    """The number of the line at which a file stands."""
    place = file.tell()
    file.seek(0)
    return file.read(place).count(b"\n") + 1


def _record(
    start: int, end: int, raw: bytes, names: list[str], delimiter: str, fault: Unmappable | None, line: int
) -> Record:
    text = decoded(raw).rstrip("\r\n")
    cells = None if fault else _cells(text, delimiter)
    if fault is None and cells is None:
        fault = Unmappable(f"the row at byte {start} cannot be split into columns", "row", code="bad-row")
    if fault is None and cells is not None and len(cells) != len(names):
        fault = Unmappable(
            f"the row at byte {start} has {len(cells)} columns, the header {len(names)}", "row", code="bad-row"
        )
    columns = {"row": text} if fault else dict(zip(names, cells or (), strict=False))
    return Record(start, end, raw.endswith(b"\n"), text, columns, fault, line)


def _piece(file: BinaryIO, delimiter: str) -> tuple[bytes, Unmappable | None]:
    """The bytes of one record; quoted cells may hold line ends. An open quote costs its own line only, and a quote
    within a cell (27" monitor) opens none.
    """
    start = file.tell()
    raw = first = more = file.readline()
    state = quotes_of(raw, delimiter)
    while state == "open" and more and len(raw) < LONGEST:
        more = file.readline()
        raw += more
        state = quotes_of(raw, delimiter) if b'"' in more else state
    if state == "whole":
        return raw, None
    file.seek(start + len(first))
    return first, Unmappable(f"the row at byte {start} opens a quote that never closes", "row", code="bad-row")


def quotes_of(raw: bytes, delimiter: str) -> str:
    """`whole` where every cell that begins with a quote ends with one, `open` where the last one does not end yet,
    `broken` where something else follows the end of one. A quote within a cell is a character like any other.
    """
    if b'"' not in raw:
        return "whole"
    mark, place = delimiter.encode(), 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    while place < len(raw):
        if raw.startswith(b'"', place):
            place = _QUOTED.match(raw, place).end()  # type: ignore[union-attr]
            if place >= len(raw):
                return "open"
            if not (rest := raw[place + 1 : place + 3]) or rest in (b"\n", b"\r\n"):
                return "whole"
            if not rest.startswith(mark):
                return "broken"
        found = raw.find(mark, place)
        place = found + len(mark) if found >= 0 else len(raw)
    return "whole"


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of one record, None when it holds bare carriage returns or a cell beyond the reader's limit."""
    try:
        return next(csv.reader([text.replace("\r\n", "\n")], delimiter=delimiter), [])
    except csv.Error:
        return None


def decoded(raw: bytes) -> str:
    """UTF-8, else Windows-1252; bytes that neither has become a visible replacement character."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
