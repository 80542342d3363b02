"""Why a statement had no answer, as it crosses from the answering process: a name and a text, whatever was raised.

Exceptions themselves do not always arrive: what was pickled with one argument may want several when it is made again.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from models.domain.errors import Misconfigured, TieoutError
from models.lake.read_only import NotReadOnly
from models.lake.steady import Overtaken

_OURS = {kind.__name__: kind for kind in (Misconfigured, NotReadOnly, Overtaken)}


class AnswerFailed(TieoutError):
    """The answering process failed in a way that is not the statement's; its message says how."""

    code = "reader.failed"


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` is the name of what was raised, `text` what it said."""

    kind: str
    text: str

    def error(self) -> Exception:
        """What the asker must hear: our own error or DuckDB's of the same name, else AnswerFailed."""
        if self.kind in _OURS:
            return _OURS[self.kind](self.text)
        duckdbs = getattr(duckdb, self.kind, None)
        if isinstance(duckdbs, type) and issubclass(duckdbs, duckdb.Error):
            return duckdbs(self.text)
        return AnswerFailed(f"the query could not be answered ({self.kind}: {self.text}): ask again")


def fault_of(error: Exception) -> Fault:
    """The fault that tells of `error`."""
    return Fault(type(error).__name__, str(error))
