"""Keeps the collector's processes small."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_M_ARENA_MAX = -8  # malloc.h


class _Absent(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not used in this process", name="pandas")
        return None


def without_pandas() -> None:
    """From now on `import pandas` fails in this process, as if it were not installed.

    pyarrow imports it, where it is installed, on the first array of Python values; we never use it, and it takes 45 MiB
    and a third of a second of each start. Only entry points call this, before anything makes an array.
    """
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _Absent())


def few_arenas() -> None:
    """Let all threads share two heaps (glibc): each of our threads would otherwise keep freed memory of its own."""
    limit = getattr(ctypes.CDLL(None), "mallopt", None)
    if limit is not None:
        limit(_M_ARENA_MAX, 2)


def give_back() -> None:
    """Return memory that a burst took and freed to the system, where the C library (glibc) can; elsewhere nothing
    happens.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
