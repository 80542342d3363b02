"""A clerk who does by hand, without a mistake, what the engine should do: sets projects up and posts approved work.

He writes as the vendors' own people would, so that history passes without an engine; what the ERP refuses he
keeps.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from integrations.sandbox.operations.books import hours
from integrations.sandbox.sandbox import Sandbox
from integrations.sandbox.vendors.netsuite.records import Refusal

MANDATORY = ("Service_Line__c", "Cost_Centre__c", "Tax_Profile__c")


class Clerk:
    """Works off everything at once when told to."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._vendors, self._sandbox = sandbox.vendors, sandbox
        self.refused: dict[str, str] = {}
        self._versions: Counter[str] = Counter()
        self._made: set[str] = set()
        self._seen: dict[str, object] = {}

    def work(self) -> None:
        """Take up what is new since the last time."""
        self._customers()
        self._set_up()
        self._post()

    def again(self, *projects: str) -> None:
        """Set projects up again and try everything that was refused once more."""
        self._made -= set(projects)
        for fact in self.refused:
            self._seen.pop(fact.rsplit("-", 1)[1], None)
        self.work()

    def _customers(self) -> None:
        erp, clients = self._vendors.erp.records, self._sandbox.plan.clients
        for client in clients if len(erp.tables["customer"]) < len(clients) else ():
            group = {} if client.group is None else {"parent": {"externalId": f"C-{clients[client.group].number}"}}
            erp.upsert("customer", f"C-{client.number}", {"companyName": client.name, **group})

    def _set_up(self) -> None:
        erp, psa, ppm = self._vendors.erp.records, self._vendors.psa, self._vendors.ppm
        now = self._sandbox.clock.now()
        for sale in self._vendors.crm.tables["Opportunity"]:
            code = sale["Project_Code__c"]
            if not sale["IsWon"] or not all(sale[name] for name in MANDATORY) or code in self._made:
                continue
            if code not in self._sandbox.plan.deals:  # a running project that sales call otherwise now
                continue
            self._made.add(code)
            deal = self._sandbox.plan.deals[code]
            customer = f"C-{self._sandbox.plan.clients[deal.client].number}"
            erp.upsert(
                "job", code, {"companyName": deal.name, "parent": {"externalId": customer}, "currency": deal.currency}
            )
            milestones = [
                {"custcol_milestone_id": milestone.name, "description": milestone.name, "amount": str(milestone.amount)}
                for milestone in deal.milestones
            ]
            erp.upsert("salesorder", f"CT-{code}", {"entity": {"externalId": code}, "item": {"items": milestones}})
            space = psa.workspace(code) or psa.save("workspaces", {"title": f"{code} · {deal.name}"}, now)
            for task, name, _ in deal.tasks:
                erp.upsert("projecttask", task.replace(".", "_"), {"title": task, "project": {"externalId": code}})
                if psa.story(space, task) is None:
                    psa.save("stories", {"title": f"{task} {name}", "workspace_id": space}, now)
            ppm.tables["projects"].put(code, {"code": code, "currencyCode": deal.currency, "_version": 1})

    def _post(self) -> None:
        psa, erp = self._vendors.psa.tables, self._vendors.erp.records
        for key in self._sandbox.life.delivery.entries.rows:
            row, fact = psa["time_entries"].rows.get(key), f"TE-kantata-{key}"
            if self._seen.get(key, self) is row:
                continue
            self._seen[key] = row
            held = sum(
                (hours(erp.tables["timebill"].rows[one]["hours"]) for one in erp.bills_for.keys(fact)), Decimal(0)
            )
            wanted = Decimal(row["time_in_minutes"]) / 60 if row and row["approved"] else Decimal(0)
            if abs(held - wanted) > Decimal("0.01"):
                self._book(fact, key, wanted - held)
        for key, row in psa["expenses"].rows.items():
            if row["approved"] and not erp.expenses_for.keys(f"EX-kantata-{key}"):
                project = psa["workspaces"].rows[row["workspace_id"]]["title"].split(" ")[0]
                body = {
                    "total": str(Decimal(row["amount_in_cents"]) / 100),
                    "tranDate": row["date"],
                    "isBillable": row["billable"],
                    "customer": {"externalId": project} if erp.external["job"].first(project) else None,
                }
                erp.upsert("expensereport", f"EX-kantata-{key}-v1", body)

    def _book(self, fact: str, key: str, difference: Decimal) -> None:
        """Post the difference; the newest refusal of a fact is kept."""
        psa, erp = self._vendors.psa.tables, self._vendors.erp.records
        row = psa["time_entries"].get(key)
        first = next((erp.tables["timebill"].rows[one] for one in erp.bills_for.keys(fact)), None)
        minutes = int(abs(difference) * 60)
        body = {
            "tranDate": row["date_performed"] if row else first and first["tranDate"],
            "hours": f"{'-' if difference < 0 else ''}{minutes // 60}:{minutes % 60:02d}",
            "isBillable": row["billable"] if row else first and first["isBillable"],
            "rate": str(Decimal(row["rate_in_cents"]) / 100) if row else first and first["rate"],
        }
        try:
            if row:
                code = psa["stories"].rows[row["story_id"]]["title"].split(" ")[0]
                project = psa["workspaces"].rows[row["workspace_id"]]["title"].split(" ")[0]
                person = psa["users"].rows[row["user_id"]]["external_reference"]
                if row["cost_rate_in_cents"] is None and self._vendors.hcm.workers.rows[person]["cost_rate"] is None:
                    raise Refusal(400, "USER_ERROR", "rate missing")
                body |= {
                    "customer": {"externalId": project},
                    "caseTaskEvent": {"externalId": code.replace(".", "_")},
                    "employee": {"externalId": person},
                }
            elif first:
                body |= {
                    "customer": first["customer"],
                    "caseTaskEvent": first["caseTaskEvent"],
                    "employee": first["employee"],
                }
            self._versions[fact] += 1
            erp.upsert("timebill", f"{fact}-v{self._versions[fact]}", body)
            self.refused.pop(fact, None)
        except Refusal as refusal:
            self.refused[fact] = f"{refusal.path}: {refusal}"
