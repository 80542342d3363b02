"""Detectors: one module each with DETECTOR and EXAMPLES, found by scanning, so that adding one is adding a file
(X1–X8).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from collectors.detectors.contract import Detector


@cache
def detectors() -> tuple[Detector, ...]:
    """Every detector of this package, by name.

    Raises ValueError when two modules claim one name.
    """
    found = [module.DETECTOR for module in modules()]
    if len({detector.name for detector in found}) != len(found):
        raise ValueError("two modules of collectors.detectors export a DETECTOR of one name: rename one")
    return tuple(sorted(found, key=lambda detector: detector.name))


def modules() -> Iterator[ModuleType]:
    """The modules that hold a detector."""
    for info in iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        if isinstance(getattr(module, "DETECTOR", None), Detector):
            yield module
