"""Lines that a source's format refused, read again once the format was mended.

`tieout reread` puts them, as the quarantine has them, into `<number>.again` of the source's folder; `number` is that of
the last batch which refused one of them. What has landed becomes `<number>.done`, so that each is read again once.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import orjson

from collectors.tailing.ledger import Ledger
from collectors.tailing.log_rows import LogRows
from collectors.tailing.piece import Piece
from collectors.tailing.place import Place


class Again:
    """The folder of one source."""

    def __init__(self, source: str, folder: Path, ledger: Ledger, rows: LogRows) -> None:
        self._source, self._folder, self._ledger, self._rows = source, folder, ledger, rows

    def read(self, now: datetime) -> None:
        """Read what lies there and was not read before. It is done with the batch that is next."""
        for file in sorted(self._folder.glob("*.again")):
            if self._is_done(file):
                file.rename(file.with_suffix(".done"))
                continue
            for line in file.read_bytes().splitlines():
                held = orjson.loads(line)
                path, _, offset = held["path"].rpartition(":")
                self._rows.add(path, int(offset), [Piece(0, held["line"].encode("latin-1"))], now)
            self._ledger.add(Place(self._source, str(file), 0, 0, 1, raw=True))

    def _is_done(self, file: Path) -> bool:
        places = self._ledger.places.values()
        return any(one.path == str(file) and one.source == self._source for one in places)
