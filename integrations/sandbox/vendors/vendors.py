"""The five emulators over one ledger."""

from __future__ import annotations

from integrations.sandbox.vendors.kantata.emulator import Kantata
from integrations.sandbox.vendors.netsuite.emulator import NetSuite
from integrations.sandbox.vendors.ppm.emulator import Portfolio
from integrations.sandbox.vendors.salesforce.emulator import Salesforce
from integrations.sandbox.vendors.vendor import Vendor
from integrations.sandbox.vendors.workday.emulator import Workday
from integrations.sandbox.world.ledger import Ledger
from models.domain.clock import Clock


class Vendors:
    """CRM, ERP, PSA, HCM and PPM, by role and by path prefix."""

    def __init__(self, ledger: Ledger, clock: Clock, secret: str) -> None:
        self.crm = Salesforce(ledger, clock, secret)
        self.erp = NetSuite(ledger, clock, secret)
        self.psa = Kantata(ledger, clock, secret)
        self.hcm = Workday(ledger, clock, secret)
        self.ppm = Portfolio(ledger, clock, secret)

    def by_prefix(self) -> dict[str, Vendor]:
        return {"salesforce": self.crm, "netsuite": self.erp, "kantata": self.psa, "workday": self.hcm, "ppm": self.ppm}
