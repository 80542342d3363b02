"""The sandbox as one thing: five vendors over one ledger, their weather, the world that lives in them, and its control."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.sandbox.door import Door, Vendor
from integrations.sandbox.kantata import Kantata
from integrations.sandbox.ledger import Ledger
from integrations.sandbox.netsuite import NetSuite
from integrations.sandbox.ppm import Portfolio
from integrations.sandbox.salesforce import Salesforce
from integrations.sandbox.serving import served
from integrations.sandbox.weather import Weather
from integrations.sandbox.workday import Workday
from models.domain.clock import Clock

SECRET = "loopback-only"  # a throw-away value for tests: the demonstration sets its own


class Vendors:
    """The five emulators over one ledger."""

    def __init__(self, ledger: Ledger, clock: Clock, secret: str) -> None:
        self.crm = Salesforce(ledger, clock, secret)
        self.erp = NetSuite(ledger, clock, secret)
        self.psa = Kantata(ledger, clock, secret)
        self.hcm = Workday(ledger, clock, secret)
        self.ppm = Portfolio(ledger, clock, secret)

    def by_prefix(self) -> dict[str, Vendor]:
        return {vendor.name: vendor for vendor in (self.crm, self.erp, self.psa, self.hcm, self.ppm)}
