"""What people do in the ERP and the portfolio office: master data, deletions, switched-off codes, closed months."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.vendors.ppm.emulator import Portfolio
from integrations.sandbox.world.exchange import SINCE_MONTHS, months, rates
from integrations.sandbox.world.firm import ENTITIES, ENTITY
from integrations.sandbox.world.plan import Plan


class Office:
    """Operations in NetSuite and the portfolio system; each answers whether it could be done now."""

    def __init__(self, accounts: Accounts, ppm: Portfolio, plan: Plan) -> None:
        self._accounts, self._records, self._ppm, self._plan = accounts, accounts.records, ppm, plan

    def found(self, at: datetime) -> None:
        """The ERP's companies, employees and rates as the scenario begins."""
        for entity in ENTITIES:
            self._accounts.put(
                "subsidiary",
                at,
                externalId=entity.id,
                name=entity.name,
                currency=entity.currency,
                country=entity.country,
            )
        for month in months(at.date() - timedelta(days=30 * SINCE_MONTHS), at.date()):
            self.rates(at, f"{month:%Y-%m}")
        for worker in self._plan.people:
            company = self._accounts.key("subsidiary", worker.entity.id)
            self._accounts.put(
                "employee",
                at,
                externalId=worker.number,
                entityId=worker.number,
                firstName=worker.first,
                lastName=worker.last,
                email=worker.email,
                subsidiary={"id": company, "refName": worker.entity.name},
                custentity_role=worker.role,
                custentity_cost_centre=worker.cost_centre,
                custentity_cost_rate=str(worker.cost_rate),
                custentity_cost_currency=worker.entity.currency,
                custentity_weekly_hours=str(worker.weekly_hours),
                hireDate=worker.hired.isoformat(),
            )

    def rates(self, at: datetime, month: str) -> bool:
        """Enter the exchange rates of a month, which hold from its first day."""
        first = date.fromisoformat(f"{month}-01")
        for base, quote, rate in rates(first):
            self._accounts.put(
                "currencyrate",
                at,
                externalId=f"{base}-{quote}-{month}",
                baseCurrency=base,
                transactionCurrency=quote,
                exchangeRate=str(rate),
                effectiveDate=first.isoformat(),
            )
        return True

    def employ(self, at: datetime, number: str, first: str, last: str, entity: str) -> bool:
        """Enter somebody by hand whom HR does not know, under a number of accounting's own."""
        company = self._accounts.key("subsidiary", entity)
        name = ENTITY[entity].name
        self._accounts.put(
            "employee",
            at,
            self._accounts.key("employee", number),
            externalId=number,
            entityId=number,
            firstName=first,
            lastName=last,
            email=f"{first}.{last}@contractors.example".lower(),
            subsidiary={"id": company, "refName": name},
            custentity_role="Consultant",
        )
        return company is not None

    def renumber(self, at: datetime, number: str, fresh: str) -> bool:
        """Give an employee another number."""
        key = self._accounts.key("employee", number)
        if key is not None:
            self._accounts.put("employee", at, key, externalId=fresh, entityId=fresh)
        return key is not None

    def delete_job(self, at: datetime, code: str) -> bool:
        """Delete a project and its tasks by mistake."""
        key = self._accounts.key("job", code)
        if key is not None:
            self._records.remove("job", key)
        return key is not None

    def switch(self, at: datetime, charge_code: str, way: str) -> bool:
        """Switch a charge code on or off."""
        key = self._accounts.key("projecttask", charge_code.replace(".", "_"))
        if key is not None:
            self._accounts.put("projecttask", at, key, isInactive=way == "off")
        return key is not None

    def reparent(self, at: datetime, child: str, group: str) -> bool:
        """Hang a customer under another one."""
        below, above = self._accounts.key("customer", f"C-{child}"), self._accounts.key("customer", f"C-{group}")
        if below is None or above is None:
            return False
        self._accounts.put(
            "customer",
            at,
            below,
            parent={"id": above, "refName": self._records.tables["customer"].rows[above].get("companyName")},
        )
        return True

    def close(self, at: datetime, month: str) -> bool:
        self._records.shut(month, True, at)
        return True

    def reopen(self, at: datetime, month: str) -> bool:
        self._records.shut(month, False, at)
        return True

    def drop_ppm(self, at: datetime, code: str) -> bool:
        """Delete a project and its budget in the portfolio system."""
        there = code in self._ppm.tables["projects"].rows
        for table in self._ppm.tables.values():
            if there and code in table.rows:
                table.delete(code)
        return there
