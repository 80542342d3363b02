"""The child process of `collectors.detection`: DuckDB over lake, journal and marts, and the detectors on top.

`python -m collectors.detecting <file descriptor of the pipe>`; ends when the pipe does, so it never outlives its
parent.
"""

from __future__ import annotations

import logging
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from collectors.memory import few_arenas, give_back, without_pandas
from models.domain.clock import Clock, SystemClock, clock_at
from models.settings import Settings, read_settings


class RemoteJournal:
    """The parent's journal: `journal.cases.report(…)` here is the same call there."""

    def __init__(self, pipe: Connection, path: tuple[str, ...] = ()) -> None:
        self._pipe, self._path = pipe, path

    def __getattr__(self, name: str) -> RemoteJournal:
        if name.startswith("_"):
            raise AttributeError(name)
        return RemoteJournal(self._pipe, (*self._path, name))

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self._pipe.send(("call", (self._path, arguments, named)))
        done, answer = self._pipe.recv()
        if not done:
            raise RuntimeError(f"the journal refused {'.'.join(self._path)}: {answer}")
        return answer


class Detecting:
    """Turns of marts and detectors on one DuckDB connection, opened again after a fault."""

    def __init__(self, settings: Settings, clock: Clock, journal: Any) -> None:
        self._settings, self._clock, self._journal = settings, clock, journal
        self._connection: Any = None
        self._complete = False

    def turn(self) -> None:
        """Refresh the marts, then report what every detector finds."""
        from collectors.detectors.run import run_all
        from models.marts.refresh import refresh

        try:
            connection = self._opened()
            refresh(connection, self._settings.reporting_currency, self._clock)
            run_all(connection, self._journal, self._clock, SystemClock())
        except BaseException:
            self._close()
            raise

    def _opened(self) -> Any:
        from models.lake.connection import attach_missing, connect
        from models.lake.publish import publish

        if self._connection is None:
            self._connection, self._complete = connect(self._settings, marts="write"), False
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
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = read_settings()
    pipe = Connection(int(sys.argv[1]))
    detecting = Detecting(settings, clock_at(settings.world_clock), RemoteJournal(pipe))
    try:
        while pipe.recv() == "run":
            pipe.send(_outcome(detecting))
    except (EOFError, OSError):
        return


def _outcome(detecting: Detecting) -> tuple[str, str]:
    try:
        detecting.turn()
    except (EOFError, BrokenPipeError):
        raise
    except Exception as error:  # the parent logs it and asks again
        logging.getLogger(__name__).debug("a turn failed", exc_info=True)
        return "failed", f"{type(error).__name__}: {error}"
    finally:
        give_back()
    return "done", ""


if __name__ == "__main__":
    main()
