"""E8: three engines and two collectors on machines of their own, over PostgreSQL. The engine that works is cut off from
all others in the middle of its writes, and killed: the others go on, nothing is lost, nothing is done twice.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from models.installation_key import installation_key
from models.keys.keyring import Keyring
from models.lake.reader import open_reader
from models.lake.signing import signing_key
from models.lake.verify import verify
from models.senders import SenderBook
from models.settings import Settings
from tests.acceptance.flows.house import SECRET
from tests.fault.system.machines import Machines, Process, machines
from tests.fault.system.vendors import Firm, open_firm, systems_file
from tests.postgres import empty_database, running_server

pytestmark = [pytest.mark.processes, pytest.mark.postgres, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[3]
T = TypeVar("T")
PATIENCE = 240.0
"""Seconds that any state is waited for; on an idle machine none takes longer than what leases and sessions last."""
ENTRIES = 90
_WAITING = (
    "select datname, client_addr, state, wait_event_type, wait_event, now() - xact_start, left(query, 90) "
    "from pg_stat_activity where state <> 'idle' and pid <> pg_backend_pid()"
)


class Hall:
    """The machines, what runs on them, and the vendors that they all call."""

    def __init__(self, folder: Path, made: Machines, firm: Firm, environment: dict[str, str]) -> None:
        self.folder, self.machines, self.firm = folder, made, firm
        self._environment, self._processes = environment, dict[str, Process]()
        self.homes: dict[str, Path] = {}

    def start(self, address: str, module: str, **more: str) -> None:
        home = self.homes.setdefault(address, self.folder / address)
        environment = {**self._environment, "TIEOUT_HOME": str(home), **more}
        log = self.folder / f"{address}.log"
        self._processes[address] = self.machines.start(address, [sys.executable, "-m", module], environment, log)

    def settings(self, address: str) -> Settings:
        given = {name.removeprefix("TIEOUT_").lower(): value for name, value in self._environment.items()}
        known = {name: value for name, value in given.items() if name in Settings.model_fields}
        return Settings.model_validate({**known, "home": self.homes[address]})

    def kill(self, address: str) -> None:
        self._processes[address].kill()
        self._processes[address].wait()

    def stop(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def until(self, question: Callable[[], T], what: str) -> T:
        """The first true answer."""
        end = time.monotonic() + PATIENCE
        while not (answer := question()):
            assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for {what}: {answer!r}\n{self.logs()}"
            time.sleep(0.1)
        return answer

    def logs(self) -> str:
        """What the processes logged, and how the journal stands."""
        said = [f"{file.name}: {file.read_text()[-1500:]}" for file in sorted(self.folder.glob("*.log"))]
        said += map(
            str, self.rows("select flow, state, error_code, waiting_because, count(*) from run group by 1, 2, 3, 4")
        )
        said += map(str, self.rows("select system, stream, error from cursor"))
        said += map(str, self.rows("select process, part, fault from heartbeat where fault is not null"))
        said += map(str, self.rows("select process, part, well_at is null from heartbeat"))
        said += map(str, self.rows(_WAITING))
        return "\n".join(said)

    def rows(self, sql: str) -> list[sa.Row[tuple[object, ...]]]:
        with self.firm.journal.engine.connect() as connection:
            return list(connection.execute(sa.text(sql)).all())

    def at_work(self) -> str | None:
        """The machine of an engine that holds runs with a write begun."""
        held = self.rows("select lease_owner from run where state = 'running' and intent is not null limit 1")
        numbers = {int(str(owner).split(":")[1]) for (owner,) in held}  # host:process:…
        return next((one for one, process in self._processes.items() if process.pid in numbers), None)

    def holds(self, address: str) -> int:
        """How many runs are under the lease of the engine on that machine."""
        owner = f"%:{self._processes[address].pid}:%"
        with self.firm.journal.engine.connect() as connection:
            sql = sa.text("select count(*) from run where state = 'running' and lease_owner like :owner")
            return int(connection.scalar(sql, {"owner": owner}) or 0)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """Vendors and databases here; three engines and two collectors, each on a machine of its own."""
    with ExitStack() as held:
        made = held.enter_context(machines())
        server = held.enter_context(running_server(made.here, made.network))
        journal, catalogue = (held.enter_context(empty_database(server)) for _ in range(2))
        firm = held.enter_context(open_firm(made.here, journal))
        firm.sell()
        keys = Settings(home=tmp_path / "keys-of-all")
        installation_key(keys)
        values_key = Keyring(keys).master
        values_key.make()
        engines, collectors = [made.add() for _ in range(3)], [made.add() for _ in range(2)]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")},
            "PYTHONPATH": str(ROOT),
            "SECRET": SECRET,
            "TIEOUT_CATALOGUE": str(ROOT / "integrations/sandbox/catalogue"),
            "TIEOUT_SYSTEMS": str(systems_file(tmp_path / "systems.toml", firm.address)),
            "TIEOUT_JOURNAL_URL": journal,
            "TIEOUT_LAKE_CATALOG": catalogue.replace("+psycopg", ""),
            "TIEOUT_LAKE_DATA": str(tmp_path / "lake"),
            "TIEOUT_INSTALLATION_KEY": str(keys.home / "keys" / "installation.key"),
            "TIEOUT_VALUES_KEY": str(values_key.path),
            "TIEOUT_POLL_SECONDS": "0.25",
            "TIEOUT_SANDBOX_SECRET": SECRET,
        }
        opened = Hall(tmp_path, made, firm, environment)
        try:
            begin(opened, engines, collectors)
            yield opened
        finally:
            opened.stop()


def begin(hall: Hall, engines: list[str], collectors: list[str]) -> None:
    """Collectors share the audit key, as machines of one installation do; each engine's machine ends TLS for it."""
    for number, address in enumerate(collectors):
        home = hall.homes[address] = hall.folder / address
        SenderBook(Settings(home=home)).add("others", ("traces",), "operator", datetime.now(UTC))
        if number:
            for file in ("audit.pem", "audit.pub"):
                shutil.copy(hall.homes[collectors[0]] / "keys" / file, home / "keys" / file)
        else:
            signing_key(Settings(home=home))
        hall.start(
            address,
            "collectors",
            TIEOUT_OTLP_HOST=address,
            TIEOUT_OTLP_PROXY=",".join(engines),
            TIEOUT_GRPC="off",
        )
    for number, address in enumerate(engines):
        hall.start(address, "integrations.engine", TIEOUT_COLLECTOR_URL=f"http://{collectors[number % 2]}:4318")


@pytest.mark.finding("C8c")
@pytest.mark.req("E8", "E1", "C6", "C8")
def test_an_engine_is_cut_off_in_the_middle_and_killed(hall: Hall) -> None:
    firm = hall.firm
    hall.until(firm.set_up, "the project")
    entries = [firm.work() for _ in range(ENTRIES // 2)]
    firm.gateway.latency = 1.0  # so that whoever writes is in the middle of it when it is seen
    cut = hall.until(hall.at_work, "an engine to be in the middle of its writes")
    assert cut is not None
    hall.machines.cut_off(cut)
    firm.gateway.latency = 0.02
    entries += [firm.work() for _ in range(ENTRIES - len(entries))]
    hall.until(lambda: not hall.holds(cut), "the others to take over while it lives and knows of nothing")
    hall.kill(cut)
    hall.until(lambda: set(entries) <= firm.billed(), "the others to post everything")
    open_runs = "select count(*) from run where state <> 'settled'"
    hall.until(lambda: hall.rows(open_runs) == [(0,)], "every run to settle")
    bills = Counter(firm.bills())
    assert len(bills) == ENTRIES and set(bills.values()) == {1}, "each posting is there once"
    assert all(map(firm.was_told, entries)), "and its source was told"
    landed = "select coalesce(max(position), 0) <= (select position from feed_consumer) from feed"
    hall.until(lambda: hall.rows(landed) == [(True,)], "the feed to land")
    hall.stop()
    in_the_lake(hall)


def in_the_lake(hall: Hall) -> None:
    """The lake is whole, and holds each move of each run once."""
    settings = hall.settings(next(address for address in hall.homes if (hall.homes[address] / "keys").exists()))
    report = verify(settings)
    assert report.breaches == []
    reader = open_reader(settings)
    (row,) = reader.rows("select count(*) as n, count(distinct record_id) as ids from records")
    settled = "select run_id from records where kind = 'settlement' and status = 'settled'"
    lake = Counter(str(one["run_id"]) for one in reader.rows(settled))
    reader.close()
    journal = {str(run_id) for (run_id,) in hall.rows("select run_id from run where state = 'settled'")}
    assert row["n"] == row["ids"] and set(lake) == journal and set(lake.values()) == {1}
