"""Which connector knows which vendor: the packages of this folder, and those of other distributions by entry point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

import integrations.connectors
from integrations.contracts.connector import Connector, SystemConfig
from models.domain.clock import Clock
from models.domain.errors import Misconfigured

GROUP = "tieout.connectors"
"""Entry points of this group are named for the vendor; their value is the package that exports CONNECTOR."""

Maker = Callable[[SystemConfig, Clock], Connector]


def vendors() -> Mapping[str, str]:
    """The package of each vendor, by the vendor's name; imports none of them.

    Raises Misconfigured when two packages claim one vendor.
    """
    found: dict[str, str] = {}
    for vendor, package in [*_ours(), *_others()]:
        if found.setdefault(vendor, package) != package:
            raise Misconfigured(
                f"the vendor {vendor!r} is claimed by {found[vendor]} and by {package}: uninstall one of them"
            )
    return found


def connector_of(vendor: str) -> Maker:
    """What makes a vendor's connectors.

    Raises Misconfigured for a vendor that nobody knows and for a package without CONNECTOR; an import that fails
    inside the package stays the ImportError it is.
    """
    known = vendors()
    if vendor not in known:
        raise Misconfigured(
            f"there is no connector for vendor {vendor!r}: known are {', '.join(sorted(known))}; "
            f"another package brings one by an entry point of group {GROUP}"
        )
    package = import_module(known[vendor])
    if not callable(maker := getattr(package, "CONNECTOR", None)):
        raise Misconfigured(f"the package {package.__name__} of vendor {vendor!r} exports no CONNECTOR")
    made: Maker = maker
    return made


def _ours() -> list[tuple[str, str]]:
    home = integrations.connectors
    return [(one.name, f"{home.__name__}.{one.name}") for one in iter_modules(home.__path__) if one.ispkg]


def _others() -> list[tuple[str, str]]:
    return [(point.name, point.module) for point in entry_points(group=GROUP)]
