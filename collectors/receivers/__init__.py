"""Receivers: one module each with RECEIVER, found by scanning, so that adding a road is adding a file."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from collectors.receivers.contract import Receiver


def receivers() -> tuple[Receiver, ...]:
    """Every receiver of this package, by name.

    Raises ValueError when two modules claim one name or one path.
    """
    modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
    found = [module.RECEIVER for module in modules if isinstance(getattr(module, "RECEIVER", None), Receiver)]
    _unique("name", [receiver.name for receiver in found])
    _unique("path", [path for receiver in found for path in (*receiver.routes, *receiver.below)])
    return tuple(sorted(found, key=lambda receiver: receiver.name))


def _unique(what: str, values: list[str]) -> None:
    if twice := sorted({value for value in values if values.count(value) > 1}):
        raise ValueError(f"two modules of collectors.receivers claim the {what} {twice[0]!r}: give one another")
