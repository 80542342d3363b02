"""The flows this engine knows, each in every version that a run may still be on."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from integrations.contracts.flow import Deliver, Flow
from models.domain.errors import Misconfigured


class FlowBook:
    """New runs get the newest version of a flow, a run ends on the version it began. A `resting` flow starts none.

    Raises Misconfigured for two flows of the same name and version, or for two steps of the same name in one flow:
    step names are part of idempotency keys.
    """

    def __init__(self, flows: Iterable[Flow], resting: Collection[str] = ()) -> None:
        self._versions: dict[tuple[str, int], Flow] = {}
        for flow in flows:
            if (flow.name, flow.version) in self._versions:
                raise Misconfigured(
                    f"flow {flow.name} version {flow.version} is registered twice: give the changed one a new version"
                )
            _check_steps(flow)
            self._versions[(flow.name, flow.version)] = flow
        self.newest: dict[str, Flow] = {}
        for (name, version), flow in self._versions.items():
            if name not in self.newest or version > self.newest[name].version:
                self.newest[name] = flow
        self._triggers: dict[str, list[Flow]] = {}
        for flow in self.newest.values():
            for trigger in () if flow.name in resting else flow.triggers:
                self._triggers.setdefault(trigger, []).append(flow)

    def version(self, name: str, version: int) -> Flow | None:
        """One version of a flow; None when this engine does not know it."""
        return self._versions.get((name, version))

    def triggered(self, event_type: str) -> list[Flow]:
        """The flows that an event type starts."""
        return self._triggers.get(event_type, [])


def _check_steps(flow: Flow) -> None:
    names = [step.name for step in flow.steps]
    if flow.on_dead is not None:
        names.append(flow.on_dead.name)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise Misconfigured(f"flow {flow.name} has several steps named {', '.join(doubled)}: name each step once")
    wrong = [step.name for step in flow.steps if isinstance(step, Deliver) and step.bulk < 1]
    if wrong:
        raise Misconfigured(f"flow {flow.name}: bulk of {', '.join(wrong)} must be 1 or more")
