"""`tieout doctor`: what is set, what runs, what needs mending, each with what to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from app.cli.installation import settings_here
from app.readings.processes import ages, ailing_of
from models.canonical.registry import incompatibilities
from models.canonical.schemas import SCHEMAS
from models.catalogue import Catalogue, load_catalogue
from models.catalogue.system import SystemConfig
from models.domain.clock import clock_at
from models.domain.errors import Misconfigured, TieoutError
from models.door import unproven
from models.journal.ports.readings import ReadingsPort, open_readings
from models.keys.keyring import Keyring
from models.lake.data_place import fault_of
from models.lake.reader import open_reader
from models.lake.witness_reach import in_home
from models.presence import COLLECTOR, CONSOLE, addresses
from models.private_home import loose
from models.settings import Settings

FREE_BYTES = 2 * 2**30
CHECK_SECONDS = 60
WAITING = 10_000
"""Pages of the feed: the journal grows by what waits for a broker."""
COUNTED = ("records", "spans", "quarantine")
Finding = tuple[bool, str]


def doctor() -> int:
    """Print one line per check; 0 when all hold, else 1."""
    settings = settings_here()
    findings = [
        _guarded(check, settings)
        for check in (_home, _private, _keys, _disk, _catalogue, _schemas, _journal, _lake, _witness)
    ]
    findings += [*_connections(settings), *_streams(settings), *_calls(settings), *_processes(settings)]
    findings += [*_alerts(settings), *_brokers(settings)]
    for holds, sentence in findings:
        print(f"{'ok  ' if holds else 'MEND'}  {sentence}")
    return 0 if all(holds for holds, _ in findings) else 1


def _guarded(check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except (TieoutError, OSError) as error:
        return False, str(error)
    except Exception as error:  # noqa: BLE001  a doctor reports what it could not examine, and goes on
        return False, f"{check.__name__.strip('_')}: {type(error).__name__}: {error}"


def _home(settings: Settings) -> Finding:
    return settings.home.is_dir(), f"home {settings.home.resolve()}" + (
        "" if settings.home.is_dir() else " does not exist yet: `tieout demo` or `tieout up` makes it"
    )


def _private(settings: Settings) -> Finding:
    found = [] if not settings.home.is_dir() else list(loose(settings.home))
    if not found:
        return True, "home and files are their owner's alone"
    some = ", ".join(str(path) for path in found[:3])
    return False, (
        f"others of this machine may read or write {len(found)} places of the home ({some}): "
        f"chmod -R go-rwx {settings.home.resolve()}"
    )


def _keys(settings: Settings) -> Finding:
    count = Keyring(settings).sound()
    if not count:
        return True, "no rate, pay or contract value is sealed yet"
    return True, f"the keys of {count:,} persons and contracts open: `tieout keys backup` keeps them elsewhere"


def _disk(settings: Settings) -> Finding:
    place = next(p for p in (settings.home.resolve(), *settings.home.resolve().parents) if p.exists())
    free = shutil.disk_usage(place).free
    return free > FREE_BYTES, f"{free / 2**30:.1f} GiB free at {place}" + (
        "" if free > FREE_BYTES else ": free at least 2 GiB, or senders are asked to wait"
    )


def _catalogue(settings: Settings) -> Finding:
    catalogue = load_catalogue(settings)
    place = settings.catalogue or "as packaged"
    found = f"catalogue {place}, digest {catalogue.digest[:12]}: {len(catalogue.systems)} systems"
    named = "" if catalogue.systems else ": only `tieout demo` and foreign telemetry will show anything"
    return True, f"{found}, {len(catalogue.flows)} flows{_in_force(settings, catalogue) or named}"


def _schemas(settings: Settings) -> Finding:
    """Whether this release reads the business events of every release before it, and those that lie here."""
    newer = _readings(settings).catalogues.newer() if _has_journal(settings) else []
    if found := [*incompatibilities(), *newer]:
        return False, "; ".join(found)
    return True, f"business events: {len(SCHEMAS)} schemas, each version that was published can be read"


def _readings(settings: Settings) -> ReadingsPort:
    return open_readings(settings.journal_address, clock_at(_clock_file(settings)))


def _in_force(settings: Settings, catalogue: Catalogue) -> str:
    """What to know where the engine last started with another catalogue than this command reads."""
    if not _has_journal(settings):
        return ""
    digest = _readings(settings).catalogues.digest()
    if digest in (None, catalogue.digest):
        return ""
    return f"; the engine last started with {digest[:12]}: set TIEOUT_CATALOGUE here as there, or start it anew"


def _connections(settings: Settings) -> Iterator[Finding]:
    """Each connected system, asked by a process of the layer that knows connectors."""
    try:
        if not load_catalogue(settings).systems:
            return
    except Misconfigured:
        return  # the catalogue's own line says so
    try:
        done = subprocess.run(
            [sys.executable, "-m", "integrations.engine.check"], capture_output=True, text=True, timeout=CHECK_SECONDS
        )
    except subprocess.TimeoutExpired:
        yield (
            False,
            f"the systems did not answer within {CHECK_SECONDS} s: "
            "check the network and the addresses in the systems file",
        )
        return
    if done.returncode:
        yield False, done.stderr.strip().split("\n")[-1]
        return
    for row in json.loads(done.stdout):
        yield row["holds"], f"{row['system']}: {row['says']}"


def _journal(settings: Settings) -> Finding:
    if not _has_journal(settings):
        return True, "no journal yet: the engine makes it at its first start"
    journal = _readings(settings)
    pulse = journal.runs.pulse()
    return True, f"journal answers: {pulse.due:,} runs due, last full poll {pulse.polled_at or 'never'}"


def _streams(settings: Settings) -> Iterator[Finding]:
    """Each stream and extract that is not read, and one line where all are."""
    if not _has_journal(settings):
        return
    freshness = _readings(settings).freshness
    states, stale = freshness.all(), freshness.stale(_reading_levels(settings))
    for state in stale:
        seen = f"last read {state.read_at:%Y-%m-%d %H:%M} UTC" if state.read_at else "never read"
        why = state.error or "no engine reads it: is `tieout up` running with this catalogue?"
        yield False, f"{state.name} of {state.system}: {seen}; {why}"
    read = [state.read_at for state in states if state.read_at]
    if read and not stale:
        yield True, f"{len(read)} streams and extracts are read, the oldest at {min(read):%Y-%m-%d %H:%M:%S} UTC"


def _calls(settings: Settings) -> Iterator[Finding]:
    """What was called of each system today, and what its quota leaves; to mend where a tenth or less is left."""
    if not _has_journal(settings):
        return
    limits = {system.name: system.policy.daily_calls for system in _systems(settings)}
    for one in _readings(settings).calls.today().values():
        allowed = one.allowed if one.allowed is not None else limits.get(one.system, 0)
        left = one.left(limits.get(one.system, 0))
        said = f"{one.system}: {one.calls:,} calls today"
        if left is None:
            yield True, f"{said}; no limit is known"
        elif left * 10 > allowed:
            yield True, f"{said}, {left:,} of {allowed:,} left"
        else:
            yield False, f"{said}, {left:,} of {allowed:,} left: ask the vendor for more, or take snapshots less often"


def _systems(settings: Settings) -> tuple[SystemConfig, ...]:
    try:
        return load_catalogue(settings).systems
    except Misconfigured:
        return ()  # the catalogue's own line says so


def _reading_levels(settings: Settings) -> dict[str, float]:
    return {system.name: system.policy.stale_seconds for system in _systems(settings)}


def _has_journal(settings: Settings) -> bool:
    return settings.journal_url is not None or (settings.home / "journal.sqlite").exists()


def _clock_file(settings: Settings) -> Path | None:
    return settings.world_clock if settings.world_clock and settings.world_clock.exists() else None


def _lake(settings: Settings) -> Finding:
    with closing(open_reader(settings)) as reader:
        counts = {name: reader.rows(f"select count(*) as n from {name}")[0]["n"] for name in COUNTED}
    records, spans, refused = (f"{counts[name]:,}" for name in COUNTED)
    if fault := fault_of(settings):
        return False, fault
    return True, f"audit lake answers: {records} records, {spans} spans, {refused} refused bodies kept"


def _witness(settings: Settings) -> Finding:
    if settings.witness is None or in_home(settings, settings.witness):
        where = "set TIEOUT_WITNESS to a place that operators cannot write over (a locked bucket, the auditors' share)"
        asked = settings.environment == "production"
        return not asked, f"signed checkpoints are kept in the home alone, where whoever changes the lake can: {where}"
    place = settings.witness if settings.witness.is_dir() else settings.witness.parent
    if not place.is_dir():
        return False, f"the witness {settings.witness} is not there: mount it, or set TIEOUT_WITNESS to where it is"
    return True, f"signed checkpoints are pushed to {settings.witness}"


def _processes(settings: Settings) -> Iterator[Finding]:
    """What does not run or is stuck, when each was heard last, what the supervisor of this home says of each process,
    and whether those that run answer: at the default port of a home whose collector is down another installation's
    would.
    """
    journal = _readings(settings) if _has_journal(settings) else None
    told = journal.heartbeats.all() if journal else []
    for one in ailing_of(settings, journal, told):
        yield False, one.sentence
    if heard := ages(told):
        yield True, "last heard: " + ", ".join(f"{name} {seconds:.0f} s ago" for name, seconds in heard.items())
    pids = sorted(settings.run_folder.glob("*.pid")) if settings.run_folder.is_dir() else []
    for file in pids:
        yield _alive(file)
    for role, name in ((COLLECTOR, "collector"), (CONSOLE, "console")):
        for address in addresses(settings.run_folder, role):
            yield _answers(name, f"{address}/healthz")


def _alerts(settings: Settings) -> Iterator[Finding]:
    """Whom alerts go to: an audience without a road, a variable that is not set here, a road that fails."""
    try:
        catalogue = load_catalogue(settings)
    except Misconfigured:
        return  # the catalogue's own line says so
    if not catalogue.audiences:
        asked = settings.environment == "production"
        yield not asked, "nobody is alerted: name roads and audiences in TIEOUT_CATALOGUE (roads.toml, audiences.toml)"
        return
    for audience in catalogue.audiences:
        if not audience.roads:
            yield False, f"audience {audience.name} has no road: name one in audiences.toml"
    for road in catalogue.roads.values():
        if not os.environ.get(road.variable):
            yield False, f"alert road {road.name}: set the environment variable {road.variable}, here and where we run"
    yield from _roads(settings, len(catalogue.audiences), set(catalogue.roads))


def _brokers(settings: Settings) -> Iterator[Finding]:
    """Message brokers: a variable that is not set here, events that one did not take. Whether it is reached, the
    collector's own parts say.
    """
    try:
        brokers = load_catalogue(settings).brokers
    except Misconfigured:
        return  # the catalogue's own line says so
    for broker in brokers:
        if not os.environ.get(broker.url):
            yield False, f"broker {broker.name}: set the environment variable {broker.url}, here and where we run"
    if not brokers or not _has_journal(settings):
        return
    unsent = open_readings(settings.journal_address, clock_at(None)).unsent
    kept = Counter(one.broker for one in unsent.all())
    for name, count in sorted(kept.items()):
        yield False, f"broker {name} did not take {count} events: `tieout unsent` says why"
    for name, pages in sorted(unsent.behind().items()):
        yield (
            pages < WAITING,
            f"broker {name}: {pages:,} pages of the journal's feed are to go out, and are kept for it",
        )


def _roads(settings: Settings, audiences: int, known: set[str]) -> Iterator[Finding]:
    failing = {}
    if _has_journal(settings):
        failing = _readings(settings).alerts.failing()
    for name, why in failing.items():
        if name in known:
            yield False, f"alert road {name}: {why}; `tieout alerts` lists what waits"
    if not failing:
        yield True, f"alerts go to {audiences} audiences over {len(known)} roads; `tieout alerts test` tries one"


def _alive(file: Path) -> Finding:
    number = int(file.read_text().strip() or 0)
    try:
        os.kill(number, 0)
    except (OSError, ValueError):
        return (
            False,
            f"{file.stem} ({number}) is not running: see log/{file.stem}.log; `tieout up` or `tieout demo` starts it",
        )
    return True, f"{file.stem} runs as {number}"


def _answers(name: str, address: str) -> Finding:
    try:
        with urllib.request.urlopen(address, timeout=3, context=unproven()) as answer:
            return answer.status == 200, f"{name} answers at {address}"
    except (urllib.error.URLError, OSError) as error:
        return False, f"{name} does not answer at {address} ({error}): see its log"
