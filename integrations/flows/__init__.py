"""Process APIs: one module per flow, each exporting FLOW; found by scanning, so that adding one is adding a file.

A module whose steps changed keeps its earlier versions in `FORMER`, since runs end on the version they began.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from integrations.contracts import Flow


@cache
def flows() -> tuple[Flow, ...]:
    """Every flow of this package in every version that runs may be on, by name and version.

    Raises ValueError when two modules claim one name and version.
    """
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    written = [module for module in modules if isinstance(getattr(module, "FLOW", None), Flow)]
    found = [flow for module in written for flow in (module.FLOW, *getattr(module, "FORMER", ()))]
    named = {(flow.name, flow.version) for flow in found}
    if len(named) != len(found):
        raise ValueError("two modules of integrations.flows export a FLOW of one name and version: rename one")
    return tuple(sorted(found, key=lambda flow: (flow.name, flow.version)))
