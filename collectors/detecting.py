"""The child of `collectors.detector_process`: DuckDB over lake, journal and marts, and the detectors on top.

`python -m collectors.detecting <file descriptor of the pipe>`; ends when the pipe does, so it never outlives its
parent.
"""

from __future__ import annotations

import logging
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from collectors.detectors.turn import Found, Turn
from collectors.memory import few_arenas, give_back, without_pandas
from models.catalogue import Catalogue, load_catalogue
from models.domain.clock import Clock, SystemClock, clock_at
from models.keys.keyring import Keyring
from models.process_log import start_log
from models.settings import Settings, read_settings


class Detecting:
    """Turns of marts and detectors on one DuckDB connection, opened again after a fault."""

    def __init__(self, settings: Settings, catalogue: Catalogue, clock: Clock) -> None:
        self._settings, self._catalogue, self._clock = settings, catalogue, clock
        self._keys, self._erasures = Keyring(settings), 0
        self._connection: Any = None
        self._detectors: Any = None
        self._complete = False

    def found(self, turn: Turn) -> Found:
        """Refresh the marts, then look what the detectors find of which something moved."""
        from models.derivation.refresh import refresh

        try:
            connection = self._opened()
            catalogue = self._catalogue
            levels, books = catalogue.service_levels, catalogue.books
            elsewhere = catalogue.elsewhere
            moved = refresh(connection, catalogue.reporting_currency, self._clock, levels, books, elsewhere, self._keys)
            found: Found = self._detectors.found(turn, moved)
            return found
        except BaseException:
            self._close()
            raise

    def _opened(self) -> Any:
        from collectors.detectors.run import Detectors
        from models.lake.connection import attach_missing, connect
        from models.lake.publish import publish

        if self._erasures != (erasures := self._keys.erasures()):
            self._close()  # what was derived still tells values of whoever was erased since
            self._erasures = erasures
        if self._connection is None:
            self._connection = connect(self._settings, marts="write", memory_mib=self._settings.detect_memory_mib)
            self._complete = False
            self._detectors = Detectors(self._connection, self._clock, SystemClock())
        if not self._complete:
            attach_missing(self._connection, self._settings, marts="write")
            self._complete = publish(self._connection)
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def main() -> None:
    """Take turns as the parent asks for them, until it goes."""
    few_arenas()
    without_pandas()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = read_settings()
    start_log(settings.log_level)
    pipe = Connection(int(sys.argv[1]))
    detecting = Detecting(settings, load_catalogue(settings), clock_at(settings.world_clock))
    try:
        while True:
            _answer(pipe, detecting, pipe.recv())
            give_back()
    except (EOFError, OSError):
        return


def _answer(pipe: Connection, detecting: Detecting, turn: Turn) -> None:
    """Send what was found, or a sentence: an error of ours may be one that the parent cannot unpickle."""
    try:
        pipe.send(detecting.found(turn))
    except BrokenPipeError:
        raise
    except Exception as error:
        logging.getLogger("collectors.detecting").debug("a turn failed", exc_info=True)
        pipe.send(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
