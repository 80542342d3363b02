"""The log of a process: lines on stderr, Tieout's own from the level that TIEOUT_LOG_LEVEL names."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Any

from models.domain.secrets import without_secrets

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_log = logging.getLogger(__name__)
OURS = frozenset({"tieout", "app", "collectors", "integrations", "models"})


class Inert(logging.LogRecord):
    """What anybody logs, stacks among it, without any credential, whichever handler writes it: an error quotes what a
    vendor or a sender said, and a web server has handlers of its own.
    """

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        if self.exc_info and self.exc_info[0]:
            self.exc_text = without_secrets(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> str:
        return without_secrets(super().getMessage())


def start_log(level: str) -> None:
    """Log from now on what is of this level or above; safe to repeat.

    Other packages speak from WARNING up: below it they tell of their insides, such as a line for each call of a vendor.
    Handlers that stand already stay, and loggers that a framework keeps for itself are its own.
    """
    logging.setLogRecordFactory(Inert)
    _last_words()
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(LINE))
        handler.addFilter(_speaks)
        root.addHandler(handler)
    root.setLevel(level)


def _last_words() -> None:
    """What ends a process or a thread is logged, where nobody else looks after it, instead of written as it is."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _ended
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda one: _ended(one.exc_type, one.exc_value, one.exc_traceback)


def _ended(kind: type[BaseException], error: BaseException | None, stack: TracebackType | None) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        _log.critical("ended by an error that nobody took", exc_info=(kind, error, stack))


def _speaks(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in OURS
