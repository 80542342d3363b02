"""The five emulators over one ledger."""

from __future__ import annotations

from integrations.sandbox.door import Vendor
from integrations.sandbox.kantata import Kantata
from integrations.sandbox.ledger import Ledger
from integrations.sandbox.netsuite import NetSuite
from integrations.sandbox.ppm import Portfolio
from integrations.sandbox.salesforce import Salesforce
from integrations.sandbox.workday import Workday
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
