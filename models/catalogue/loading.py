"""Reads an installation's catalogue; whatever is wrong with any of its files is said in one message (N4)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from models.canonical.schemas import SCHEMAS
from models.catalogue.alerted import audiences_of, in_other_money, roads_of
from models.catalogue.broker import brokers_of, named_like_a_system
from models.catalogue.catalogue import SCHEMA, Books, Calendar, Catalogue, FlowTerms, LegalEntity
from models.catalogue.connecting import Connecting
from models.catalogue.endpoint import endpoints_of
from models.catalogue.entries import CalendarEntry, LegalEntityEntry
from models.catalogue.files import FILES, SYSTEMS, Files, Written, read_files
from models.catalogue.logs import log_sources_of
from models.catalogue.maps import MAPS, map_faults, maps_of
from models.catalogue.rules import rule_faults, rule_of, rules_of
from models.domain.approval import Thresholds
from models.domain.delivery_proof import Scheme
from models.domain.errors import Misconfigured
from models.domain.ownership import Ownership, OwnershipRule
from models.domain.periods import FiscalYear
from models.domain.team import Teams
from models.settings import Settings

_OF_COMPANIES = (SYSTEMS, "ownership.toml", "audiences.toml")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def load_catalogue(
    settings: Settings,
    environment: Mapping[str, str] | None = None,
    flows: Collection[str] | None = None,
    vendors: Collection[str] | None = None,
) -> Catalogue:
    """The folder of TIEOUT_CATALOGUE over the packaged defaults; TIEOUT_SYSTEMS takes the place of its systems file.

    With an `environment` the systems can be connected: every variable they name must be set. Without one they are
    only described, for processes that connect to nothing. `flows` are the names of the flows whose files are there:
    each needs an entry, and each entry a flow; `vendors` are those that have a connector.
    Raises Misconfigured with every fault of every file in one message.
    """
    files = read_files(settings.catalogue, settings.systems)
    schemes = {one.name: Scheme(**one.model_dump()) for one in files.values("webhooks.toml")}
    connecting = Connecting(settings.environment, files.values("policies.toml"), environment, schemes)
    systems = tuple(connecting.system(one) for one in files.written[SYSTEMS] if one.value is not None)
    endpoints = endpoints_of(files, connecting)
    faults = [*files.faults, *_unknown_names(files, vendors), *_doubled_owners(files), *connecting.faults]
    faults += named_like_a_system(files)
    faults += _flows_without_terms(files, flows) if flows is not None else []
    said = [one.model_dump() for one in files.values("installation.toml")][:1]
    installation = dict(*said) | (
        {"reporting_currency": settings.reporting_currency} if settings.reporting_currency else {}
    )
    faults += rule_faults(files)
    faults += map_faults(files)
    faults += in_other_money(files, installation.get("reporting_currency"))
    if faults:
        raise Misconfigured("".join(["the catalogue needs mending:", *(f"\n- {fault}" for fault in faults)]))
    versions = {f"{SCHEMA} {entity}": str(schema.version) for entity, schema in SCHEMAS.items()}
    entries = {**_digests(files), "installation.toml *": _digest(installation), **versions}
    return Catalogue(
        reporting_currency=installation["reporting_currency"],
        roles={role.name: role.title for role in files.values("roles.toml")},
        systems=systems,
        flows=_flows(files),
        teams=_teams(files),
        ownership=_ownership(files),
        books=Books(installation["rate_valid_days"], _legal_entities(files)),
        digest=_digest(entries),
        entries=entries,
        thresholds=_thresholds(installation),
        audiences=audiences_of(files),
        roads=roads_of(files),
        logs=log_sources_of(files),
        brokers=brokers_of(files),
        rules=rules_of(files),
        maps=maps_of(files),
        endpoints=endpoints,
    )


def _thresholds(installation: Mapping[str, Any]) -> Thresholds:
    said = installation["approval"]
    return Thresholds(
        currency=installation["reporting_currency"],
        amount=Decimal(said["amount"]),
        days=said["days"],
        classes=frozenset(said["classes"]),
        open_for=timedelta(days=said["open_days"]),
    )


def _unknown_names(files: Files, vendors: Collection[str] | None) -> Iterator[str]:
    """Names that no entry gives. Legal entities may be left out altogether, then any name is one."""
    roles, calendars, companies = (files.keys(file) for file in ("roles.toml", "calendars.toml", "entities.toml"))
    owners = roles | {owner for team in files.values("teams.toml") for owner in team.owners}
    references = [
        (SYSTEMS, "role", roles, "roles.toml"),
        ("policies.toml", "role", roles, "roles.toml"),
        ("ownership.toml", "owners", roles, "roles.toml"),
        ("flows.toml", "owner", owners, "teams.toml"),
        ("entities.toml", "calendar", calendars, "calendars.toml"),
        ("audiences.toml", "roads", files.keys("roads.toml"), "roads.toml"),
        ("audiences.toml", "flows", files.keys("flows.toml"), "flows.toml"),
        ("rules.toml", "owner", owners, "teams.toml"),
        (MAPS, "owner", owners, "teams.toml"),
        ("logs.toml", "format", files.keys("formats.toml"), "formats.toml"),
        ("logs.toml", "inside", files.keys("formats.toml"), "formats.toml"),
    ]
    if companies:
        references += [(file, "legal_entities", companies, "entities.toml") for file in _OF_COMPANIES]
    if vendors is not None:
        references.append((SYSTEMS, "vendor", set(vendors), "the connectors: install the package that brings it"))
    for file, attribute, known, where in references:
        for one in files.written[file]:
            for name in sorted(set(_listed(one, attribute)) - known):
                said = f"{attribute.replace('_', ' ')} {name!r} is none of {', '.join(sorted(known))}"
                yield f"{_about(file, one)}: {said}: correct it, or add it to {where}"


def _doubled_owners(files: Files) -> Iterator[str]:
    for packaged in (True, False):
        teams = [one for one in files.written["teams.toml"] if one.value is not None and one.packaged is packaged]
        counted = Counter(owner for one in teams for owner in one.value.owners)
        for one in teams:
            if doubled := sorted(owner for owner in one.value.owners if counted[owner] > 1):
                yield f"{_about('teams.toml', one)}: {', '.join(doubled)} belongs to several teams: name it in one"


def _flows_without_terms(files: Files, flows: Collection[str]) -> Iterator[str]:
    for name in sorted(set(flows) - files.keys("flows.toml")):
        yield f"flow {name} has no entry in flows.toml: add one with its title, owner and service_level_minutes"
    for one in files.written["flows.toml"]:
        if one.key not in flows and rule_of(one.key) is None:
            yield f"{_about('flows.toml', one)}: there is no such flow: use one of {', '.join(sorted(flows))}"


def _flows(files: Files) -> dict[str, FlowTerms]:
    return {
        flow.name: FlowTerms(
            flow.name, flow.title, flow.owner, flow.service_level_minutes * 60, flow.active, flow.runbook
        )
        for flow in files.values("flows.toml")
    }


def _teams(files: Files) -> Teams:
    """The team and the domain of each owner, and of each flow by its owner; the installation's word counts last."""
    own_last = sorted(files.written["teams.toml"], key=lambda one: not one.packaged)
    names = {owner: one.value.name for one in own_last for owner in one.value.owners}
    domains = {owner: one.value.domain for one in own_last for owner in one.value.owners if one.value.domain}
    return Teams({**_by_flow(files, names), **names}, domains={**_by_flow(files, domains), **domains})


def _by_flow(files: Files, said: Mapping[str, str]) -> dict[str, str]:
    """What is said of each flow's owner, by flow; of flows elsewhere that have no entry, under `<rule>/`."""
    rules = {f"{rule.name}/": rule.owner for rule in files.values("rules.toml")}
    owners = {**rules, **{flow.name: flow.owner for flow in files.values("flows.toml")}}
    return {name: said[owner] for name, owner in owners.items() if owner in said}


def _ownership(files: Files) -> Ownership:
    own_first = sorted(files.written["ownership.toml"], key=lambda one: one.packaged)
    return Ownership(
        tuple(
            OwnershipRule(rule.entity, tuple(rule.attributes), tuple(rule.owners), rule.why, tuple(rule.legal_entities))
            for rule in (one.value for one in own_first)
        )
    )


def _legal_entities(files: Files) -> dict[str, LegalEntity]:
    calendars = {calendar.name: _calendar(calendar) for calendar in files.values("calendars.toml")}
    return {company.id: _legal_entity(company, calendars) for company in files.values("entities.toml")}


def _calendar(entry: CalendarEntry) -> Calendar:
    year = FiscalYear(entry.periods, entry.year_ends_in, _DAYS.index(entry.year_ends_on))
    return Calendar(frozenset(_DAYS.index(day) for day in entry.weekend), frozenset(entry.holidays), year)


def _legal_entity(entry: LegalEntityEntry, calendars: Mapping[str, Calendar]) -> LegalEntity:
    zone, calendar = ZoneInfo(entry.zone), calendars[entry.calendar]
    return LegalEntity(entry.id, entry.name, entry.country, entry.currency, zone, calendar)


def _about(file: str, one: Written) -> str:
    return f"{one.path}: {FILES[file].table} {one.key}"


def _listed(one: Written, attribute: str) -> list[str]:
    """The names under an attribute, also of an entry that has faults of its own: all of them are in one message."""
    said = one.raw.get(attribute) if one.value is None else getattr(one.value, attribute, None)
    return [name for name in (said if isinstance(said, list) else [said]) if isinstance(name, str) and name]


def _digests(files: Files) -> dict[str, str]:
    return {f"{file} {_named(file, one)}": _digest(one.raw) for file, listed in files.written.items() for one in listed}


def _named(file: str, one: Written) -> str:
    """What the journal calls an entry: of a value map each version is an entry of its own, which says one thing."""
    return f"{one.key} version {one.raw.get('version')}" if file == MAPS else one.key


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
