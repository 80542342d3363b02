"""The shapes in which people's programs write a table, made one: UTF-8, lines that end in a line feed.

Excel writes workbooks, and "Unicode text" as UTF-16; older programs end lines in CR alone, and a first line `sep=;`
names the delimiter. Places in a file of such a shape are places in what is made of it.
"""

from __future__ import annotations

import codecs
import re
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from integrations.connectors.csv.sheet import MARK, NoWorkbook, table_of
from models.domain.errors import Misconfigured

HEAD = 64 * 1024
_SEP = re.compile(rb"(?:\xef\xbb\xbf)?\"?sep=(.)\"?\r?\n", re.I)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Shaped:
    """Opens a file in the one shape; a file that has it already is read from the disk. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: tuple[tuple[int, int], bytes] | None = None

    def open(self, stamp: tuple[int, int]) -> BinaryIO:
        """The file from its first byte. Raises OSError as `open` does, Misconfigured for a file that is no text."""
        file = self._path.open("rb")
        head = file.read(HEAD)
        if not (head.startswith((*_WIDE, MARK)) or (b"\r" in head and b"\n" not in head)):
            file.seek(0)
            return file
        with file:
            held = self._made
            if held is None or held[0] != stamp:
                held = self._made = (stamp, self._made_of(head + file.read()))
        return BytesIO(held[1])

    def _made_of(self, content: bytes) -> bytes:
        if content.startswith(MARK):
            try:
                return table_of(content)
            except NoWorkbook as error:
                raise Misconfigured(f"{self._path}: {error}") from error
        if content.startswith(_WIDE):
            try:
                content = content.decode("utf-16").encode()
            except UnicodeDecodeError as error:
                raise Misconfigured(f"{self._path} begins as UTF-16 and is none: save it as CSV UTF-8") from error
        return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def delimiter_of(file: BinaryIO) -> str | None:
    """The delimiter that a first line `sep=` names; such a line is read, any other one is not."""
    start = file.tell()
    if (found := _SEP.fullmatch(file.readline())) is not None:
        return found[1].decode("latin-1")
    file.seek(start)
    return None
