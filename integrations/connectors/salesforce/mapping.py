"""Salesforce objects as business events, and customers as Account fields; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, Literal

from integrations.connectors.digest import digest
from integrations.connectors.rows import Row
from integrations.connectors.salesforce.fields import ACCOUNT, LINE, OPPORTUNITY
from integrations.connectors.watermark import millis
from models.canonical.events import CloudEvent
from models.canonical.schemas import (
    BillingRule,
    ContractType,
    Customer,
    Dimensions,
    Milestone,
    Opportunity,
    ResourceDemand,
    StatementOfWork,
    SystemRef,
    Task,
)

CONTRACT_TYPES = {
    "Time and Materials": ContractType.TIME_AND_MATERIALS,
    "Fixed Price": ContractType.FIXED_PRICE,
    "Retainer": ContractType.RETAINER,
}
Rule = Literal["time_and_expenses", "milestone", "recurring"]
RULES: dict[ContractType, Rule] = {
    ContractType.TIME_AND_MATERIALS: "time_and_expenses",
    ContractType.FIXED_PRICE: "milestone",
    ContractType.RETAINER: "recurring",
}


def customer_event(system: str, raw: Mapping[str, Any]) -> CloudEvent:
    """An account as it is now."""
    row = Row(raw)
    customer = customer_of(system, row)
    changed = row.instant("SystemModstamp")
    return CloudEvent(
        id=f"{system}:account:{customer.ref.id}:{millis(changed)}:{version_of(raw, ACCOUNT)}",
        source=system,
        type="tieout.customer.changed",
        subject=f"customer:{system}:{customer.ref.id}",
        time=changed,
        dataschema="tieout:customer:1",
        data=customer.model_dump(mode="json"),
        sourceversion=millis(changed),
        legalentity=customer.legal_entity_id,
    )


def opportunity_event(system: str, raw: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> CloudEvent:
    """A won opportunity with its lines as it is now."""
    row = Row(raw)
    won = opportunity_of(system, row, [Row(line, f"OpportunityLineItems.{n}") for n, line in enumerate(lines)])
    changed = row.instant("SystemModstamp")
    content = digest([version_of(raw, OPPORTUNITY), *(version_of(line, LINE) for line in lines)])
    return CloudEvent(
        id=f"{system}:opportunity:{won.ref.id}:{millis(changed)}:{content}",
        source=system,
        type="tieout.opportunity.won",
        subject=f"project:{won.project_code}",
        time=changed,
        dataschema="tieout:opportunity:1",
        data=won.model_dump(mode="json"),
        sourceversion=millis(changed),
        legalentity=won.dimensions.legal_entity_id,
    )


def version_of(raw: Mapping[str, Any], fields: Sequence[str]) -> str:
    """Tells two versions of an object apart within one tick of SystemModstamp."""
    return digest({name: raw.get(name) for name in fields})


def customer_of(system: str, row: Row) -> Customer:
    """An account as a canonical customer; a deleted one is inactive."""
    parent = row.opt_text("ParentId")
    return Customer(
        ref=SystemRef(system=system, kind="customer", id=row.text("Id")),
        number=row.opt_text("AccountNumber"),
        name=row.text("Name"),
        parent_ref=SystemRef(system=system, kind="customer", id=parent) if parent else None,
        country=row.opt_text("BillingCountry"),
        tax_id=row.opt_text("Tax_Id__c"),
        tax_profile=row.opt_text("Tax_Profile__c"),
        legal_entity_id=row.opt_text("Legal_Entity__c"),
        currency=row.opt_text("CurrencyIsoCode"),
        active=not row.flag("IsDeleted"),
        changed_at=row.instant("SystemModstamp"),
    )


def opportunity_of(system: str, row: Row, lines: Sequence[Row]) -> Opportunity:
    """A won opportunity with its lines: tasks, milestones and demand. Money in major units of its currency."""
    currency = row.opt_text("CurrencyIsoCode")
    contract_type = row.choice("Contract_Type__c", CONTRACT_TYPES)
    kinds = {
        kind: [line for line in lines if line.text("Line_Kind__c") == kind] for kind in ("Role", "Milestone", "Task")
    }
    return Opportunity(
        ref=SystemRef(system=system, kind="opportunity", id=row.text("Id")),
        name=row.text("Name"),
        project_code=row.text("Project_Code__c"),
        customer_ref=SystemRef(system=system, kind="customer", id=row.text("AccountId")),
        closed_at=closed_at(row),
        approved=row.opt_text("Approval_Status__c") == "Approved",
        contract_type=contract_type,
        tax_profile=row.opt_text("Tax_Profile__c"),
        dimensions=dimensions_of(row),
        value=row.money("Amount", currency),
        target_margin=margin_of(row),
        statement_of_work=statement_of(row),
        billing_rules=rules_of(row, contract_type, currency),
        milestones=tuple(milestone_of(line, currency) for line in kinds["Milestone"]),
        tasks=tuple(task_of(line) for line in kinds["Task"]),
        demand=tuple(demand_of(line, currency) for line in kinds["Role"]),
        starts_on=row.opt_day("Start_Date__c"),
        ends_on=row.opt_day("End_Date__c"),
        changed_at=row.instant("SystemModstamp"),
    )


def dimensions_of(row: Row) -> Dimensions:
    """Where a sale belongs: legal entity, cost centre, service line, practice, region."""
    return Dimensions(
        legal_entity_id=row.opt_text("Legal_Entity__c"),
        cost_centre=row.opt_text("Cost_Centre__c"),
        service_line=row.opt_text("Service_Line__c"),
        practice=row.opt_text("Practice__c"),
        region=row.opt_text("Region__c"),
    )


def statement_of(row: Row) -> StatementOfWork | None:
    """The statement of work, where it has a number."""
    number = row.opt_text("SOW_Number__c")
    if number is None:
        return None
    return StatementOfWork(
        number=number, signed_on=row.opt_day("SOW_Signed_On__c"), expires_on=row.opt_day("SOW_Expires_On__c")
    )


def rules_of(row: Row, contract_type: ContractType | None, currency: str | None) -> tuple[BillingRule, ...]:
    """How a sale is billed, as its contract type says; none without one."""
    if contract_type is None:
        return ()
    cap, order = row.opt_money("Billing_Cap__c", currency), row.opt_text("PO_Number__c")
    return (BillingRule(kind=RULES[contract_type], cap=cap, purchase_order=order),)


def milestone_of(line: Row, currency: str | None) -> Milestone:
    """A line of kind milestone."""
    amount = line.money("TotalPrice", currency)
    return Milestone(
        milestone_id=line.text("Id"), name=line.text("Name"), due=line.opt_day("ServiceDate"), amount=amount
    )


def task_of(line: Row) -> Task:
    """A line of kind task; it is billable unless it says no."""
    billable = line.opt_flag("Billable__c") is not False
    return Task(
        task_id=line.text("Id"), name=line.text("Name"), charge_code=line.opt_text("Charge_Code__c"), billable=billable
    )


def demand_of(line: Row, currency: str | None) -> ResourceDemand:
    """A line of kind role: hours wanted, and the bill rate an hour."""
    return ResourceDemand(
        role=line.text("Name"), hours=line.decimal("Quantity"), bill_rate=line.opt_money("UnitPrice", currency)
    )


def margin_of(row: Row) -> Decimal | None:
    """A share of one; the vendor keeps percent."""
    percent = row.opt_decimal("Target_Margin__c")
    return None if percent is None else percent / 100


def closed_at(row: Row) -> datetime:
    """When the sale was won: the moment where the field holds one, else the begin of its close date in UTC."""
    return row.opt_instant("Closed_Won_At__c") or datetime.combine(row.day("CloseDate"), time(), UTC)


def account_record(body: Mapping[str, Any]) -> dict[str, Any]:
    """A canonical customer as Account fields; what the body does not hold is not sent, so that it is not wiped."""
    row = Row(body, sparse=True, textual=True)
    fields = {
        "Name": row.text("name"),
        "AccountNumber": row.opt_text("number"),
        "BillingCountry": row.opt_text("country"),
        "CurrencyIsoCode": row.opt_text("currency"),
        "Tax_Id__c": row.opt_text("tax_id"),
        "Tax_Profile__c": row.opt_text("tax_profile"),
        "Legal_Entity__c": row.opt_text("legal_entity_id"),
    }
    return {name: value for name, value in fields.items() if value is not None}
