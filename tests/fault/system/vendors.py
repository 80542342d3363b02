"""The five vendors for processes of their own: people of the test and processes take turns at what the vendors hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from integrations.sandbox.faults.conditions import Conditions
from integrations.sandbox.gateway import Gateway
from integrations.sandbox.serving import served
from integrations.sandbox.vendors.netsuite.records import fact_of
from integrations.sandbox.vendors.vendors import Vendors
from integrations.sandbox.world.ledger import Ledger
from tests.acceptance.flows.house import CAST, SECRET, House

PROJECT, CODE, UNKNOWN = "PRJ-1001", "PRJ-1001.020", "PRJ-1001.999"
_CREDENTIALS = ("token", "client_id", "client_secret", "username", "password")
_SYSTEM = """
[[system]]
name = "{name}"
vendor = "{vendor}"
role = "{role}"
base_url = "{address}/{vendor}"
{options}
[system.credentials]
{credentials}
[system.policy]
rate = 200.0
burst = 50
concurrency = 2
timeout = 5.0
backoff_base = 0.2
"""


class Now:
    """The clock of real processes, as the house wants it."""

    @property
    def at(self) -> datetime:
        return datetime.now(UTC)

    def now(self) -> datetime:
        return self.at


class OneAtATime(Gateway):
    """Serves one at a time: whoever has the `turn` finds the vendors at rest."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.turn = RLock()

    def _met(self, *request: Any) -> Any:
        with self.turn:
            return super()._met(*request)


class Firm(House):
    """A house whose vendors are served beside; `address` is where. What its people do, they do in their `turn`."""

    address: str
    gateway: OneAtATime
    user: str

    def sell(self) -> None:
        """One project is sold, and one person hired for it."""
        today = self.clock.at.date()
        begun, ends = str(today - timedelta(days=30)), str(today + timedelta(days=200))
        terms = {"SOW_Signed_On__c": begun, "Start_Date__c": begun, "SOW_Expires_On__c": ends, "End_Date__c": ends}
        with self.gateway.turn:
            self.open_company()
            self.user = self.hire()
            self.win(self.account(), PROJECT, CloseDate=begun, **terms)

    def set_up(self) -> str | None:
        """The project's story in the PSA, once the engine has made it."""
        psa = self.vendors.psa
        with self.gateway.turn:
            space = psa.workspace(PROJECT)
            return psa.story(str(space), CODE) if space else None

    def work(self, code: str = CODE, story: str | None = None) -> str:
        """A few minutes of work, approved; the entry's id."""
        with self.gateway.turn:
            return self.log(code, self.user, 6, story)

    def work_on_an_unknown_code(self) -> str:
        """The same, on a code that somebody made by hand and the ERP does not know."""
        psa = self.vendors.psa
        with self.gateway.turn:
            space = str(psa.workspace(PROJECT))
            made = {"title": f"{UNKNOWN} Typo", "workspace_id": space, "story_type": "task"}
            story = psa.story(space, UNKNOWN) or psa.save("stories", made, self.clock.at)
            return self.work(UNKNOWN, str(story))

    def billed(self) -> set[str]:
        """The entries that the ERP holds."""
        return {str(fact_of(bill)).removeprefix("TE-kantata-") for bill in self.bills()}

    def bills(self) -> list[str]:
        """The ids by which each posting was asked for, as often as it is there."""
        with self.gateway.turn:
            return [str(row["externalId"]) for row in self.vendors.erp.records.tables["timebill"]]

    def was_told(self, entry: str) -> bool:
        with self.gateway.turn:
            return bool(self.told(entry))


@contextmanager
def open_firm(host: str, journal: str) -> Iterator[Firm]:
    """A firm over a journal's URL; ends with the block."""
    clock, conditions, ledger = Now(), Conditions(), Ledger()
    vendors = Vendors(ledger, clock, SECRET)
    gateway = OneAtATime(vendors.by_prefix(), ledger, conditions, clock, latency=0.02)
    with served(gateway, host) as address:
        firm = Firm(address, vendors, conditions, clock, journal, {})  # type: ignore[arg-type]
        firm.address, firm.gateway = address, gateway
        try:
            yield firm
        finally:
            firm.close()


def systems_file(file: Path, address: str) -> Path:
    """The file that describes the five systems at an address to processes; their credentials are in `SECRET`."""
    file.write_text("".join(_described(address, *cast) for cast in CAST.items()))
    return file


def _described(address: str, role: object, cast: tuple[str, str]) -> str:
    name, vendor = cast
    options = '[system.options]\ntenant = "novalis"' if vendor == "workday" else ""
    credentials = "\n".join(f'{one} = "SECRET"' for one in _CREDENTIALS)
    words = {"name": name, "vendor": vendor, "role": role, "address": address}
    return _SYSTEM.format(**words, options=options, credentials=credentials)
