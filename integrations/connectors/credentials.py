"""The credentials that a connector needs, or the sentence that says which one to set (N4)."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.contracts.connector import SystemConfig
from models.domain.errors import Misconfigured


def needed(config: SystemConfig, *names: str, instead_of: str = "") -> Mapping[str, str]:
    """The values of these credentials by name; `instead_of` names one that would do as well.

    Raises Misconfigured naming those that are not set, never a value (G3).
    """
    if missing := [name for name in names if not config.credentials.get(name)]:
        wanted = f"{instead_of}, or {', '.join(missing)}," if instead_of else ", ".join(missing)
        raise Misconfigured(f"{config.name}: credential {wanted} is not set: name its variable in the systems file")
    return {name: config.credentials[name] for name in names}
