"""An entry of the systems file becomes a system's configuration: variables, credentials and policy of the environment
(S1, S5, S7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from models.catalogue.entries import PolicyEntry, PolicyValues, SystemEntry
from models.catalogue.faults import faults_of
from models.catalogue.files import Written
from models.catalogue.role import Role
from models.catalogue.system import Policy, SystemConfig, Transport
from models.catalogue.webhook import Webhook
from models.domain.delivery_proof import Scheme

_VARIABLE = re.compile(r"\$\{(\w+)(?::([^}]*))?\}")


@dataclass(slots=True)
class Connecting:
    """Makes configurations in one environment. Without `variables` nothing is read from the environment: credentials
    stay empty and a `${NAME}` stays as it is written.
    """

    environment: str
    policies: Sequence[PolicyEntry]
    variables: Mapping[str, str] | None
    schemes: Mapping[str, Scheme] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def system(self, written: Written) -> SystemConfig:
        """The configuration of one system; what is wrong with it is added to `faults`."""
        entry: SystemEntry = written.value
        absent = sorted(self._absent(entry, {"SYSTEMS_FOLDER"}))
        wrong = [f"set the environment variables {', '.join(absent)}"] if absent else []
        if entry.webhook and entry.webhook.scheme not in self.schemes:
            known_schemes = ", ".join(sorted(self.schemes))
            wrong.append(f"webhook.scheme {entry.webhook.scheme!r} is none of {known_schemes}: add it to webhooks.toml")
        policy, faults = self._policy(entry)
        self.faults += [f"{written.path}: system {entry.name}: {words}" for words in [*wrong, *faults]]
        folder = {"SYSTEMS_FOLDER": str(written.path.parent)}
        known = self.variables or {}
        return SystemConfig(
            name=entry.name,
            vendor=entry.vendor,
            role=Role(entry.role),
            base_url=_replaced(entry.base_url, {**known, **folder}, self.variables is not None),
            legal_entities=tuple(entry.legal_entities),
            credentials={name: known[variable] for name, variable in entry.credentials.items() if variable in known},
            options=_replaced(dict(entry.options), {**known, **folder}, self.variables is not None),
            policy=policy,
            transport=Transport(
                **_replaced(entry.transport.model_dump(), {**known, **folder}, self.variables is not None)
            ),
            webhook=self._webhook(entry),
        )

    def _webhook(self, entry: SystemEntry) -> Webhook | None:
        """How the system's webhooks are proved; the values of its secrets stay with who takes them."""
        said = entry.webhook
        if said is None or said.scheme not in self.schemes:
            return None
        return Webhook(self.schemes[said.scheme], tuple(said.secrets), said.replay_seconds)

    def _absent(self, entry: SystemEntry, given: set[str]) -> Iterator[str]:
        if self.variables is None:
            return
        yield from {variable for variable in entry.credentials.values() if not self.variables.get(variable)}
        yield from {
            name
            for name, default in _named([entry.base_url, entry.options, entry.transport.model_dump()])
            if default is None and name not in self.variables and name not in given
        }

    def _policy(self, entry: SystemEntry) -> tuple[Policy, list[str]]:
        """The values of the catalogue for this role and environment, under those of the system itself. The tables of
        every environment are checked, not only today's.
        """
        general = {name: value for name, value in entry.policy.items() if not isinstance(value, Mapping)}
        tables = {name: value for name, value in entry.policy.items() if isinstance(value, Mapping)}
        faults: list[str] = []
        checked = {name: _values(name, values, faults) for name, values in {"": general, **tables}.items()}
        own = {**checked[""], **checked.get(self.environment, {})}
        return Policy(**{**self._shared(entry.role), **own}), faults

    def _shared(self, role: str) -> dict[str, Any]:
        applying = [
            policy
            for policy in self.policies
            if policy.environment in (None, self.environment) and policy.role in (None, role)
        ]
        narrowest_last = sorted(applying, key=lambda policy: (policy.role is not None, policy.environment is not None))
        return {name: value for policy in narrowest_last for name, value in policy.values().items()}


def _values(environment: str, given: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    try:
        return PolicyValues.model_validate(given).model_dump(exclude_none=True)
    except ValidationError as error:
        where = f"policy.{environment}" if environment else "policy"
        faults += [f"{where}: {words}" for words in faults_of(error, PolicyValues)]
        return {}


def _named(value: Any) -> Iterator[tuple[str, str | None]]:
    """Every `${NAME}` and `${NAME:default}` within a value."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _named(part)
    elif isinstance(value, str):
        yield from ((found[1], found[2]) for found in _VARIABLE.finditer(value))


def _replaced(value: Any, variables: Mapping[str, str], defaults: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _replaced(part, variables, defaults) for name, part in value.items()}
    if isinstance(value, list):
        return [_replaced(part, variables, defaults) for part in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda found: variables.get(found[1], (found[2] if defaults else None) or found[0]), value)
