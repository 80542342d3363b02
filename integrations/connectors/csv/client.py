"""Records of a delimited file with their byte offsets, so that a reader resumes exactly where it stopped."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from models.domain.errors import Misconfigured, Retriable, Unmappable

LONGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """One data row: its place in bytes, its columns, or the fault that makes it unreadable. `closed` = it ends with a
    line end.
    """

    start: int
    end: int
    closed: bool
    text: str
    columns: Mapping[str, str]
    fault: Unmappable | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]


class CsvFile:
    """A file with a header row. Text is UTF-8; a record that is not is read as Windows-1252, since exports mix both."""

    def __init__(self, path: Path, delimiter: str = ",") -> None:
        self.path, self._delimiter = path, delimiter

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
            header, _ = self._piece(file)
            names = [name.strip() for name in self._cells(decoded(header.removeprefix(b"\xef\xbb\xbf"))) or ()]
            if not any(names):
                raise Misconfigured(
                    f"{self.path} has no readable header row: the mapping needs the column names in the first line"
                )
            file.seek(max(start, file.tell()))
            while True:
                place = file.tell()
                raw, fault = self._piece(file)
                if not raw:
                    return
                if raw.strip():
                    yield self._record(place, file.tell(), raw, names, fault)

    def _record(self, start: int, end: int, raw: bytes, names: list[str], fault: Unmappable | None) -> Record:
        text = decoded(raw).rstrip("\r\n")
        cells = None if fault else self._cells(text)
        if fault is None and cells is None:
            fault = Unmappable(f"the row at byte {start} cannot be split into columns", "row", code="bad-row")
        if fault is None and cells is not None and len(cells) != len(names):
            fault = Unmappable(
                f"the row at byte {start} has {len(cells)} columns, the header {len(names)}", "row", code="bad-row"
            )
        return Record(
            start,
            end,
            raw.endswith(b"\n"),
            text,
            dict(zip(names, cells or (), strict=False)) if not fault else {"row": text},
            fault,
        )

    def _piece(self, file: BinaryIO) -> tuple[bytes, Unmappable | None]:
        """The bytes of one record; quoted cells may hold line ends. An open quote costs its own line only."""
        start = file.tell()
        raw = first = file.readline()
        while raw.count(b'"') % 2 and len(raw) < LONGEST:
            more = file.readline()
            if not more:
                break
            raw += more
        if raw.count(b'"') % 2 == 0:
            return raw, None
        file.seek(start + len(first))
        return first, Unmappable(f"the row at byte {start} opens a quote that never closes", "row", code="bad-row")

    def _cells(self, text: str) -> list[str] | None:
        """The cells of one record, None when it holds bare carriage returns or a cell beyond the reader's limit."""
        try:
            return next(csv.reader([text.replace("\r\n", "\n")], delimiter=self._delimiter), [])
        except csv.Error:
            return None

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except FileNotFoundError:
            raise Misconfigured(
                f"{self.path} is not there: put the file in place or change `folder` in the systems file"
            ) from None
        except OSError as error:
            raise Retriable(f"{self.path} cannot be read now: {error.strerror}") from error

    def _stat(self) -> tuple[int, int]:
        with self._open():
            found = self.path.stat()
        return found.st_mtime_ns, found.st_size


def decoded(raw: bytes) -> str:
    """UTF-8, else Windows-1252; bytes that neither has become a visible replacement character."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
