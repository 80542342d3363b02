"""The systems file: which systems are connected, in which role, with which credentials and policy (S1, S5, S7)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from integrations.connectors.directory import Maker, connector_of
from integrations.contracts.connector import Connector, Policy, Role, SystemConfig, Transport
from models.domain.clock import Clock
from models.domain.errors import Misconfigured

_KEYS = {"name", "vendor", "role", "base_url", "legal_entities", "credentials", "options", "policy", "transport"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([^}]*))?\}")


def load_systems(path: Path, environment: Mapping[str, str]) -> list[SystemConfig]:
    """The systems of a TOML file, credentials read from the environment variables it names.

    `${NAME}` and `${NAME:default}` in base URLs and options are replaced from the environment. `policy` may hold a
    table for each environment (TIEOUT_ENVIRONMENT: sandbox, production) that overrides the general values.
    Raises Misconfigured with every fault in one message.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(
            f"the systems file {path} cannot be read ({error.strerror}): give its path in TIEOUT_SYSTEMS"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"the systems file {path} is no TOML: {error}") from error
    systems, faults = [], []
    for number, entry in enumerate(content.get("system", []), start=1):
        try:
            systems.append(_system(entry, environment, path.parent))
        except (Misconfigured, TypeError, ValueError) as error:
            faults.append(f"system {entry.get('name', number)}: {error}")
    names = [system.name for system in systems]
    faults += [f"system {name} is named twice" for name in sorted({name for name in names if names.count(name) > 1})]
    if not content.get("system"):
        faults.append("it has no [[system]]")
    if faults:
        raise Misconfigured(f"the systems file {path} needs mending: {'; '.join(faults)}")
    return systems


def connect(systems: Sequence[SystemConfig], clock: Clock) -> dict[str, Connector]:
    """A connector for each system, by system name. Raises Misconfigured for a vendor without a connector."""
    return {system.name: _maker(system)(system, clock) for system in systems}


def _maker(system: SystemConfig) -> Maker:
    try:
        return connector_of(system.vendor)
    except Misconfigured as error:
        raise Misconfigured(f"system {system.name}: {error}") from error


def _system(entry: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> SystemConfig:
    if unknown := sorted(set(entry) - _KEYS):
        raise Misconfigured(f"unknown keys {', '.join(unknown)}: use {', '.join(sorted(_KEYS))}")
    if missing := sorted({"name", "vendor", "role"} - set(entry)):
        raise Misconfigured(f"{', '.join(missing)} missing")
    if entry["role"] not in [role.value for role in Role]:
        raise Misconfigured(f"role {entry['role']!r} is none of {', '.join(role.value for role in Role)}")
    variables = {**environment, "SYSTEMS_FOLDER": str(folder)}
    return SystemConfig(
        name=entry["name"],
        vendor=entry["vendor"],
        role=Role(entry["role"]),
        base_url=_replaced(entry.get("base_url", ""), variables),
        legal_entities=tuple(entry.get("legal_entities", ())),
        credentials=_credentials(entry.get("credentials", {}), environment),
        options=_replaced(entry.get("options", {}), variables),
        policy=_policy(entry.get("policy", {}), environment.get("TIEOUT_ENVIRONMENT", "sandbox")),
        transport=_transport(_replaced(entry.get("transport", {}), variables)),
    )


def _credentials(names: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    if absent := sorted(variable for variable in names.values() if not environment.get(variable)):
        raise Misconfigured(f"set the environment variables {', '.join(absent)}")
    return {name: environment[variable] for name, variable in names.items()}


def _transport(given: Mapping[str, Any]) -> Transport:
    known = [field.name for field in fields(Transport)]
    if unknown := sorted(set(given) - set(known)):
        raise Misconfigured(f"unknown transport {', '.join(unknown)}: use {', '.join(known)}")
    return Transport(**{name: str(value) for name, value in given.items()})


def _policy(given: Mapping[str, Any], environment: str) -> Policy:
    general = {name: value for name, value in given.items() if not isinstance(value, Mapping)}
    values = {**general, **given.get(environment, {})}
    known = {field.name: field.type for field in fields(Policy)}
    if unknown := sorted(set(values) - set(known)):
        raise Misconfigured(f"unknown policy {', '.join(unknown)}: use {', '.join(known)}")
    numbers: dict[str, Any] = {
        name: int(value) if known[name] == "int" else float(value) for name, value in values.items()
    }
    return Policy(**numbers)


def _replaced(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _replaced(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, variables) for part in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda found: _variable(found, variables), value)


def _variable(found: re.Match[str], variables: Mapping[str, str]) -> str:
    value = variables.get(found[1], found[2])
    if value is None:
        raise Misconfigured(f"set the environment variable {found[1]}")
    return value
