"""Keeps pandas out of processes that never use it: pyarrow imports it, where it is installed, on the first array of Python values.

That is 45 MiB and a third of a second of each start. Only entry points call this, before anything makes an array.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Absent(MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is not used in this process", name="pandas")
        return None


def without_pandas() -> None:
    """From now on `import pandas` fails in this process, as if it were not installed."""
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _Absent())
