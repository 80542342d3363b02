"""The log of a process: lines on stderr, Tieout's own from the level that TIEOUT_LOG_LEVEL names."""

from __future__ import annotations

import logging
import sys

from models.domain.secrets import without_secrets

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
OURS = frozenset({"tieout", "app", "collectors", "integrations", "models"})


class Inert(logging.Formatter):
    """Lines, stacks among them, without any credential: an error quotes what a vendor or a sender said."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def start_log(level: str) -> None:
    """Log from now on what is of this level or above; safe to repeat.

    Other packages speak from WARNING up: below it they tell of their insides, such as a line for each call of a vendor.
    Handlers that stand already stay, and loggers that a framework keeps for itself are its own.
    """
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(Inert(LINE))
        handler.addFilter(_speaks)
        root.addHandler(handler)
    root.setLevel(level)


def _speaks(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in OURS
