"""What an entry of each catalogue file may say; unknown keys and values of another type are refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from models.canonical.schemas import SCHEMAS
from models.catalogue.patterns import Pattern
from models.domain.delivery_proof import Kind
from models.domain.explanations import EXPLANATIONS, MoneyKind
from models.domain.flow_rule import Signal, Tells, source
from models.domain.money import Currency
from models.domain.periods import Shape


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone: give a name such as Europe/Berlin") from error
    return name


def _cause(name: str) -> str:
    if name not in EXPLANATIONS:
        raise ValueError(f"{name!r} is no cause: `tieout explain` lists them")
    return name


def _entity(name: str) -> str:
    if name not in SCHEMAS:
        raise ValueError(f"{name!r} is no business object: use one of {', '.join(sorted(SCHEMAS))}")
    return name


Name = Annotated[str, Field(min_length=1)]
Names = Annotated[list[Name], Field(min_length=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
DomainName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


DataClassName = Literal[
    "public", "internal", "labour_rate", "compensation", "contract_value", "personal", "moves_money"
]


class Entry(BaseModel):
    """An entry as written: numbers are numbers, text is text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ApprovalEntry(Entry):
    """From when on a replay waits for a second person: money in the reporting currency, days that a record lies back,
    data classes that a correction changes. Nobody decides within `open_days`: it expires.
    """

    amount: Annotated[int, Field(ge=0)] = 250_000
    days: Count = 92
    classes: list[DataClassName] = ["labour_rate", "compensation", "contract_value", "moves_money"]
    open_days: Count = 14


class InstallationEntry(Entry):
    """installation.toml, the whole file."""

    reporting_currency: Currency
    rate_valid_days: Count = 45
    approval: ApprovalEntry = ApprovalEntry()


class RoleEntry(Entry):
    """A kind of system."""

    name: Name
    title: Name


class TeamEntry(Entry):
    """A team, the owners it acts for, and the part of the business that it answers for."""

    name: Name
    owners: Names
    domain: DomainName | None = None


class FlowEntry(Entry):
    """What a flow promises and who owns it."""

    name: Name
    title: Name
    owner: Name
    service_level_minutes: Positive
    active: bool = True
    runbook: str = ""


class PolicyValues(Entry):
    """Throttling and retry; what is left out keeps its value. Calls a second, counts, seconds."""

    rate: Positive | None = None
    burst: Count | None = None
    concurrency: Count | None = None
    timeout: Positive | None = None
    attempts: Count | None = None
    backoff_base: Positive | None = None
    backoff_limit: Positive | None = None
    breaker_failures: Count | None = None
    breaker_seconds: Positive | None = None
    daily_calls: Count | None = None
    snapshot_seconds: Positive | None = None
    sweep_seconds: Positive | None = None
    stale_seconds: Positive | None = None


class PolicyEntry(PolicyValues):
    """Values for an environment, a role, or a role in an environment."""

    environment: Name | None = None
    role: Name | None = None

    def values(self) -> dict[str, Any]:
        """What the entry says of throttling and retry."""
        return self.model_dump(exclude={"environment", "role"}, exclude_none=True)


class TransportEntry(Entry):
    """The way to a system; `${NAME}` is replaced from the environment, so that a proxy's password is in no file."""

    proxy: str = ""
    ca_bundle: str = ""
    client_certificate: str = ""
    client_key: str = ""


HeaderName = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]


class SchemeEntry(Entry):
    """How a delivery of a webhook shows that it is its vendor's own; header names are lower case."""

    name: Name
    kind: Kind
    header: HeaderName = "authorization"
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    key: Literal["text", "base64"] = "text"
    signed: str = "{body}"
    id: HeaderName | Literal[""] = ""
    timestamp: HeaderName | Literal[""] = ""

    @model_validator(mode="after")
    def _proves(self) -> SchemeEntry:
        if self.kind != "hmac-sha256":
            if self.timestamp:
                raise ValueError("a timestamp that nobody signed proves nothing: leave it out")
            return self
        if "{body}" not in self.signed:
            raise ValueError("signed must hold {body}, or anybody could send another one")
        if ("{timestamp}" in self.signed) != bool(self.timestamp) or ("{id}" in self.signed and not self.id):
            raise ValueError(
                "signed and the headers id and timestamp must name the same: what is not signed is no proof"
            )
        return self


class WebhookEntry(Entry):
    """How a system's webhooks are told from others': `secrets` name environment variables."""

    scheme: Name
    secrets: Annotated[list[Variable], Field(min_length=1, max_length=4)]
    replay_seconds: Positive = 300.0


class SystemEntry(Entry):
    """A connected system; `credentials` name environment variables, `policy` may hold a table for each environment."""

    name: Name
    vendor: Name
    role: Name
    base_url: str = ""
    legal_entities: list[Name] = []
    credentials: Mapping[str, Variable] = {}
    options: Mapping[str, Any] = {}
    policy: Mapping[str, Any] = {}
    transport: TransportEntry = TransportEntry()
    webhook: WebhookEntry | None = None


class OwnershipEntry(Entry):
    """Who owns attributes (`*`: the rest) of a business object, preferred first."""

    entity: Annotated[str, AfterValidator(_entity)]
    attributes: Names
    owners: Names
    why: Name
    legal_entities: list[Name] = []


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class CalendarEntry(Entry):
    """The days on which nobody works, and how years are divided: into months, or into quarters of so many weeks, the
    last of which ends on the last such weekday of a month.
    """

    name: Name
    weekend: list[Weekday] = ["saturday", "sunday"]
    holidays: list[date] = []
    periods: Shape = "months"
    year_ends_in: Annotated[int, Field(ge=1, le=12)] = 12
    year_ends_on: Weekday = "saturday"


class LegalEntityEntry(Entry):
    """A company of the firm."""

    id: Name
    name: Name
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    currency: Currency
    zone: Annotated[str, AfterValidator(_zone)]
    calendar: Name = "weekdays"


def _clock_time(text: str) -> str:
    try:
        time.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time of day: give one such as 08:00") from error
    return text


ClockTime = Annotated[str, Field(pattern=r"^\d\d:\d\d$"), AfterValidator(_clock_time)]
ReachableUrl = Annotated[str, Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/]|\$\{)|^$")]


class RoadEntry(Entry):
    """A way for alerts: `secret` and `urls` name environment variables."""

    name: Name
    webhook: ReachableUrl = ""
    secret: Variable | None = None
    urls: Variable | None = None

    @model_validator(mode="after")
    def _one_way(self) -> RoadEntry:
        if bool(self.webhook and self.secret) == bool(self.urls) or (self.urls and (self.webhook or self.secret)):
            raise ValueError("give webhook and secret, or urls: one road is one way")
        return self


class AudienceEntry(Entry):
    """Who is told of what. `amount` is in `currency`, which is the reporting currency."""

    name: Name
    roads: list[Name] = []
    flows: list[Name] = []
    causes: list[Annotated[str, AfterValidator(_cause)]] = []
    severity: Literal["low", "medium", "high", "critical"] = "low"
    money: list[MoneyKind] = []
    amount: Annotated[int, Field(ge=0)] | None = None
    currency: Currency | None = None
    legal_entities: list[Name] = []
    owners: list[Name] = []
    rings: bool = True
    pulse: bool = False
    cap: Count = 6
    period_minutes: Count = 60
    digest: ClockTime | None = None
    quiet: Annotated[list[ClockTime], Field(min_length=2, max_length=2)] | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"

    @model_validator(mode="after")
    def _whole(self) -> AudienceEntry:
        if (self.amount is None) != (self.currency is None):
            raise ValueError("amount and currency go together")
        if not (self.rings or self.pulse or self.digest):
            raise ValueError("nothing would ever be told: give rings, pulse or digest")
        return self


def _expression(text: str) -> str:
    Pattern(text)
    return text


def _absolute(glob: str) -> str:
    if not glob.startswith("/"):
        raise ValueError(f"{glob!r} is no absolute path: give one, such as /var/log/mule/*.log*")
    return glob


Expression = Annotated[str, AfterValidator(_expression)]
Severity = Annotated[int, Field(ge=1, le=24)]


class FormatEntry(Entry):
    """How log records are read: a `pattern` with named groups, or fields of JSON objects."""

    name: Name
    pattern: Expression | None = None
    begins: Expression | None = None
    time: list[Name] = []
    severity: list[Name] = []
    body: list[Name] = []
    times: list[Name] = []
    levels: Mapping[str, Severity] = {}
    continued: Name | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> FormatEntry:
        if self.pattern is None and self.begins is not None:
            raise ValueError("begins goes with a pattern: a JSON record is one line")
        if self.pattern is not None and (self.time or self.severity or self.body or self.continued):
            raise ValueError("with a pattern the groups time, severity and body say which field is which")
        if self.pattern is not None and "body" not in Pattern(self.pattern).names:
            raise ValueError("the pattern needs a group (?P<body>…)")
        return self


class LogEntry(Entry):
    """Log files to follow; the name is that of a folder in the home too."""

    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$")]
    files: Annotated[list[Annotated[Name, AfterValidator(_absolute)]], Field(min_length=1)]
    format: Name = "json"
    inside: Name | None = None
    service: Name | None = None
    zone: Annotated[str, AfterValidator(_zone)] | None = None
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"
    line_kib: Annotated[int, Field(ge=1, le=16_384)] = 1024


SystemName = Annotated[str, Field(pattern=r"^[^/\s]+$", max_length=200)]
QueueName = Annotated[str, Field(max_length=200)]
Unheard = Literal["drop", "keep"]


class BrokerEntry(Entry):
    """A message broker: `url` names an environment variable; `sources` are the systems whose events come by it."""

    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=60)]
    url: Variable
    queue: QueueName = ""
    sources: list[SystemName] = []
    prefetch: Annotated[int, Field(ge=1, le=1000)] = 200
    body_kib: Annotated[int, Field(ge=1, le=16_384)] = 1024
    exchange: QueueName = ""
    unheard: Unheard = "drop"
    rates: bool = False
    ca_bundle: str = ""
    client_certificate: str = ""
    client_key: str = ""

    @model_validator(mode="after")
    def _whole(self) -> BrokerEntry:
        if not (self.queue or self.exchange):
            raise ValueError("nothing would ever come or go: give a queue, an exchange, or both")
        if bool(self.queue) != bool(self.sources):
            raise ValueError("queue and sources go together: say whose events come by it")
        if bool(self.client_certificate) != bool(self.client_key):
            raise ValueError("client_certificate and client_key go together")
        return self


class WordEntry(Entry):
    """A row of a value map: what a word means, of facts from a day on."""

    said: Name
    means: Name
    since: date | None = None


class MapEntry(Entry):
    """The words of one canonical field between a system (or `canonical`) and another."""

    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=100)]
    version: Count
    owner: Name
    source: Name
    target: Name
    field: Annotated[str, Field(pattern=r"^\w+(\.\w+)+$")]
    default: Name | None = None
    words: Annotated[list[WordEntry], Field(min_length=1)]

    @model_validator(mode="after")
    def _between_two(self) -> MapEntry:
        if self.source == self.target:
            raise ValueError("source and target are one: name a system in one of them, and in the other canonical")
        return self


def _source(text: str) -> str:
    if pattern := source(text).pattern:
        Pattern(pattern)
    return text


Sources = list[Annotated[str, AfterValidator(_source)]]
Glob = Annotated[str, Field(pattern=r"^[^\[\]]+$")]
Attribute = Annotated[str, Field(pattern=r'^[^"\\]+$')]
Values = Mapping[Attribute, Annotated[list[str], Field(min_length=1)]]


PageUrl = Annotated[str, Field(pattern=r"^(https?://[^\s{}]+([{](run|flow|trace)[}][^\s{}]*)*)?$")]


class ToldEntry(Entry):
    """Where each thing that a run tells is to be found; of several sources the first with a value counts."""

    instance: Sources = []
    flow: Sources = []
    run: Sources = []
    step: Sources = []
    attempt: Sources = []
    key: Sources = []
    amount: Sources = []
    currency: Sources = []
    legal_entity: Sources = []
    error: Sources = []
    code: Sources = []
    retry_of: Sources = []


class ReadsEntry(ToldEntry):
    """What a span or a log that fits tells of a run."""

    tells: Tells
    signal: Signal = "spans"
    names: list[Glob] = []
    services: list[Glob] = []
    scopes: list[Glob] = []
    events: list[Glob] = []
    has: list[Attribute] = []
    where: Values = {}
    failed: Values = {}
    waiting: Values = {}
    fails: bool = False
    decides: bool = False

    @model_validator(mode="after")
    def _fits_something(self) -> ReadsEntry:
        if not (self.names or self.services or self.scopes or self.events or self.has or self.where):
            raise ValueError("it would fit everything that is sent: give names, services, scopes, events, has or where")
        if self.signal == "logs" and self.names:
            raise ValueError("a log has no name: give events, or a source with a pattern")
        if self.signal == "spans" and self.events:
            raise ValueError("a span has no event name: give names")
        if self.tells == "step" and not self.step:
            raise ValueError("a step needs sources of its name under step")
        return self


class ReplayEntry(Entry):
    """Where what a rule's flows failed at is sent to be run again: `secret` names an environment variable, `preview` is
    an address of the same host.
    """

    url: Annotated[ReachableUrl, Field(min_length=1)]
    secret: Variable
    preview: ReachableUrl = ""
    within_minutes: Positive | None = None
    policy: Mapping[str, Any] = {}
    transport: TransportEntry = TransportEntry()


class RuleEntry(ToldEntry):
    """How the telemetry of one engine is read; a `preset` is a packaged rule whose readings it takes."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    preset: Name | None = None
    active: bool = True
    owner: Name = "integration"
    service_level_minutes: Positive = 1440.0
    runbook: str = ""
    page: PageUrl = ""
    replay: ReplayEntry | None = None
    sampled: bool = False
    services: list[Glob] = []
    failed: Values = {}
    reads: list[ReadsEntry] = []

    @model_validator(mode="after")
    def _reads_something(self) -> RuleEntry:
        if not self.preset and not self.reads:
            raise ValueError("give a preset, or [[rule.reads]] of its own")
        return self
