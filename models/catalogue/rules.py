"""Rules for flows that run elsewhere, as the catalogue's files say them (C9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.catalogue.entries import ReadsEntry, RuleEntry, ToldEntry
from models.catalogue.files import Files
from models.domain.flow_rule import TOLD, FlowRule, Reading, Source, source


def rules_of(files: Files) -> tuple[FlowRule, ...]:
    """Every rule with the readings of its preset; the installation's own come first: the first that fits reads."""
    entries = {one.key: one.value for one in files.written["rules.toml"] if one.value is not None}
    own_first = sorted(files.written["rules.toml"], key=lambda one: one.packaged)
    return tuple(_Rule(one.value, entries).rule for one in own_first if one.value is not None and _known(one, entries))


def rule_faults(files: Files) -> Iterator[str]:
    """Presets that no rule is, or that name a preset themselves; terms of a flow whose rule is not there."""
    rules = {one.key: one.value for one in files.written["rules.toml"]}
    for one in files.written["rules.toml"]:
        preset = getattr(one.value, "preset", None)
        if preset and (preset not in rules or getattr(rules[preset], "preset", None)):
            known = ", ".join(sorted(name for name, rule in rules.items() if not getattr(rule, "preset", None)))
            yield f"{one.path}: rule {one.key}: preset {preset!r} is none of {known}: correct it"
    for one in files.written["flows.toml"]:
        rule = rule_of(one.key)
        if rule is not None and rule not in rules:
            yield f"{one.path}: flow {one.key}: no rule is called {rule!r}: add it to rules.toml"


def rule_of(flow: str) -> str | None:
    """The rule that reads a flow of this name; None for a flow of ours."""
    rule, parted, _ = flow.partition("/")
    return rule if parted else None


def _known(one: object, entries: Mapping[str, RuleEntry]) -> bool:
    preset = getattr(getattr(one, "value", None), "preset", None)
    return preset is None or preset in entries


@dataclass(frozen=True, slots=True)
class _Rule:
    """An entry, and those that it may name as its preset."""

    entry: RuleEntry
    entries: Mapping[str, RuleEntry]

    @property
    def rule(self) -> FlowRule:
        said = self.entry
        preset = self.entries[said.preset] if said.preset else None
        listed = [*self._readings(said, said), *(self._readings(preset, said) if preset else ())]
        return FlowRule(
            name=said.name,
            readings=tuple(listed),
            owner=said.owner,
            service_level=said.service_level_minutes * 60,
            runbook=said.runbook,
            page=said.page or (preset.page if preset else ""),
            replayed=said.replay is not None,
            replay_within=said.replay.within_minutes * 60 if said.replay and said.replay.within_minutes else None,
            sampled=said.sampled,
            active=said.active,
        )

    def _readings(self, of: RuleEntry, own: RuleEntry) -> Iterator[Reading]:
        for one in of.reads:
            yield Reading(
                tells=one.tells,
                signal=one.signal,
                names=tuple(one.names),
                services=tuple(own.services or one.services or of.services),
                scopes=tuple(one.scopes),
                events=tuple(one.events),
                has=tuple(one.has),
                where={name: tuple(values) for name, values in one.where.items()},
                failed=_values(of.failed, one.failed, own.failed),
                waiting=_values(one.waiting),
                fails=one.fails,
                decides=one.decides,
                told=dict(_told([own, one, of] if own is not of else [one, of])),
            )


def _told(entries: list[ToldEntry | ReadsEntry]) -> Iterator[tuple[str, tuple[Source, ...]]]:
    """The sources of each thing, those of the first entry before those of the next."""
    for name in TOLD:
        texts = dict.fromkeys(text for entry in entries for text in getattr(entry, name))
        if texts:
            yield name, tuple(source(text) for text in texts)


def _values(*said: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """The values of each attribute, the last word on one counting."""
    return {name: tuple(values) for one in said for name, values in one.items()}
