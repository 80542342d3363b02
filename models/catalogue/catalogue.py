"""The catalogue: an installation as one frozen value, handed to whoever needs to know it (S3, G4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from models.catalogue.broker import Broker
from models.catalogue.endpoint import Endpoint, endpoint_of
from models.catalogue.logs import LogSource
from models.catalogue.system import SystemConfig
from models.domain.approval import Thresholds
from models.domain.audience import Audience, Road
from models.domain.flow_rule import FlowRule
from models.domain.ownership import Ownership
from models.domain.periods import FiscalYear
from models.domain.team import Teams
from models.domain.value_map import MapBook, ValueMap

SCHEMA = "schema"
"""The entries of this file's name say which version of each business object the release writes."""

IDLE = (
    "TIEOUT_CATALOGUE names no systems and TIEOUT_SYSTEMS is not set: give a folder with systems.toml, or that file "
    "alone (see README, “Connect a real system”); to watch only, a folder with logs.toml, brokers.toml or rules.toml"
)
"""What is said of a catalogue with which there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days on which nobody works: `weekend` as Python counts them (Monday is 0), and dates; and the periods of the
    books.
    """

    weekend: frozenset[int]
    holidays: frozenset[date]
    year: FiscalYear = field(default_factory=FiscalYear)

    def works(self, day: date) -> bool:
        """Whether people work on a day."""
        return day.weekday() not in self.weekend and day not in self.holidays


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """A company of the firm: its days are those of `zone`, its books are in `currency` (ISO 4217)."""

    id: str
    name: str
    country: str
    currency: str
    zone: ZoneInfo
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Books:
    """How the firm keeps its books: an exchange rate is good for `rate_days`, days are those of its legal entities."""

    rate_days: int = 45
    legal_entities: Mapping[str, LegalEntity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlowTerms:
    """What a flow promises: `service_level` seconds from the change at its source to the last acknowledgement; of a
    flow that runs elsewhere from its beginning to its end. `runbook` is where its owner looks up what to do.
    """

    name: str
    title: str
    owner: str
    service_level: float
    active: bool
    runbook: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How flows that run elsewhere are read, and what those of them promise that the catalogue names."""

    rules: tuple[FlowRule, ...] = ()
    flows: Mapping[str, FlowTerms] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that differs from one installation to the next.

    `roles` gives each kind of system its title. `entries` maps each entry of each file to a digest of what it says, and
    each schema to its version, `digest` is that of them all; neither depends on secrets or on the environment.
    `thresholds` say what takes a second person, `audiences` whom alerts go to, by which of the `roads`;
    `logs` are the log files that the collector follows, `brokers` the message brokers by which events come. `rules`
    tell of flows that run elsewhere; the first that fits reads. `endpoints` run again what these fail at, by the rule's
    name. `maps` tell one system's words in another's.
    """

    reporting_currency: str
    roles: Mapping[str, str]
    systems: tuple[SystemConfig, ...]
    flows: Mapping[str, FlowTerms]
    teams: Teams
    ownership: Ownership
    books: Books
    digest: str
    entries: Mapping[str, str] = field(repr=False)
    thresholds: Thresholds = field(default_factory=Thresholds)
    audiences: tuple[Audience, ...] = ()
    roads: Mapping[str, Road] = field(default_factory=dict)
    logs: tuple[LogSource, ...] = ()
    brokers: tuple[Broker, ...] = ()
    rules: tuple[FlowRule, ...] = ()
    maps: tuple[ValueMap, ...] = ()
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Nothing is to be run and nothing to be watched: no system, and no road in but telemetry that nobody reads."""
        return not (self.systems or self.endpoints or self.logs or self.brokers or self.elsewhere.rules)

    @property
    def words(self) -> MapBook:
        """The value maps, by which systems they are for."""
        return MapBook(self.maps, {system.name: system.vendor for system in self.systems})

    def endpoint_of(self, flow: str) -> Endpoint | None:
        """The endpoint that runs a flow again; None for a flow of ours, and where none is registered."""
        return endpoint_of(self.endpoints, flow)

    def patience(self, flow: str) -> float:
        """Seconds in which a success is to be heard of what was sent to the endpoint of a flow."""
        found, terms = self.endpoint_of(flow), self.flows.get(flow)
        if found is not None and found.within is not None:
            return found.within
        ruled = (rule.service_level for rule in self.rules if rule.name == flow.partition("/")[0])
        return terms.service_level if terms else next(ruled, 86_400.0)

    @property
    def resting(self) -> frozenset[str]:
        """The flows that start no run."""
        return frozenset(flow.name for flow in self.flows.values() if not flow.active)

    @property
    def domains(self) -> frozenset[str]:
        """The parts of the business that somebody answers for."""
        return frozenset(self.teams.domains.values())

    def domain_of(self, flow: str | None) -> str | None:
        """The domain of a flow, which is its owner's; None where nobody said one. Of a flow that runs elsewhere and has
        no terms of its own, that of its rule.
        """
        rule, elsewhere, _ = (flow or "").partition("/")
        known = flow if flow in self.flows else f"{rule}/" if elsewhere else None
        return self.teams.domains.get(known) if known else None

    @property
    def elsewhere(self) -> Elsewhere:
        """What the marts read of flows that run elsewhere: the rules that are switched on, and their flows' terms."""
        return Elsewhere(
            tuple(rule for rule in self.rules if rule.active),
            {name: terms for name, terms in self.flows.items() if "/" in name},
        )

    @property
    def legal_entities(self) -> Mapping[str, LegalEntity]:
        """The companies of the firm, by their ids."""
        return self.books.legal_entities

    @property
    def service_levels(self) -> dict[str, float]:
        """The seconds that each flow may take."""
        return {flow.name: flow.service_level for flow in self.flows.values()}

    @property
    def reading_levels(self) -> dict[str, float]:
        """The seconds that what was read of each system may be old, by its name."""
        return {system.name: system.policy.stale_seconds for system in self.systems}
