"""What the contract suite must know of each vendor: how to reach its emulator, what to change at the source, what to
write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from integrations.contracts.connector import Change, Role, SystemConfig
from integrations.sandbox.vendors.kantata.emulator import Kantata
from integrations.sandbox.vendors.netsuite.records import Records
from integrations.sandbox.vendors.vendors import Vendors
from integrations.sandbox.vendors.wire import instant
from integrations.sandbox.world.ledger import Ledger
from models.canonical.schemas import Customer, Project, SystemRef, Task, TimeEntry
from models.domain.money import Money

SECRET = "s3cr3t-of-the-sandbox"
START = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


@dataclass
class StillClock:
    """A clock that only the test moves."""

    present: datetime = START

    def now(self) -> datetime:
        return self.present


@dataclass
class World:
    """The emulators of one test, and where they are."""

    clock: StillClock = field(default_factory=StillClock)
    ledger: Ledger = field(default_factory=Ledger)
    folder: Path = Path()
    address: str = ""

    def __post_init__(self) -> None:
        self.vendors = Vendors(self.ledger, self.clock, SECRET)


@dataclass(frozen=True)
class Case:
    """One vendor. `grow(world, n)` makes the n-th change at the source; `change(n)` is the n-th good write, `bad` one
    that the vendor refuses; `count` counts what the writes made. `refusal` is (status, body, code, field) in the
    vendor's words. `again` changes what `grow` changed first once more, within the same tick of the source's clock.
    `retype` spoils one field at the source and names it; `extend` is what the vendor's next release puts in place of
    what, and the path of the field that is new by it.
    """

    role: Role
    credentials: Mapping[str, str]
    grow: Callable[[World, int], None]
    stream: str | None
    snapshot: str
    change: Callable[[int], Change] | None = None
    count: Callable[[World], int] | None = None
    bad: Change | None = None
    bad_code: str = ""
    refusal: tuple[int, bytes, str, str | None] | None = None
    write: tuple[str, str] = ("", "")
    read: str = ""
    prepare: Callable[[World], None] = lambda world: None
    again: Callable[[World], None] | None = None
    retype: Callable[[World], str] | None = None
    extend: tuple[bytes, bytes, str] | None = None
    options: Callable[[World], Mapping[str, Any]] = lambda world: {}
    http: bool = True

    def config(self, vendor: str, world: World) -> SystemConfig:
        return SystemConfig(
            vendor,
            vendor,
            self.role,
            f"{world.address}/{vendor}",
            (),
            dict(self.credentials),
            dict(self.options(world)),
        )


# Salesforce


def sf_grow(world: World, n: int) -> None:
    crm = world.vendors.crm
    account = crm.save(
        "Account",
        {**BLANK_ACCOUNT, "Name": f"Halden {n}", "AccountNumber": f"10{n:03d}", "BillingCountry": "DE"},
        world.clock.now(),
    )
    won = {
        **BLANK_OPPORTUNITY,
        "Name": f"Deal {n}",
        "AccountId": account,
        "Project_Code__c": f"PRJ-{1000 + n}",
        "Amount": 125000.5,
    }
    crm.save("Opportunity", won, world.clock.now())


BLANK_ACCOUNT: dict[str, Any] = dict.fromkeys(
    [
        "ParentId",
        "CurrencyIsoCode",
        "Tax_Id__c",
        "Tax_Profile__c",
        "Legal_Entity__c",
        "Ext_Key__c",
        "BillingCountry",
        "AccountNumber",
    ]
) | {"CurrencyIsoCode": "EUR", "Legal_Entity__c": "NOV-DE"}
BLANK_OPPORTUNITY: dict[str, Any] = dict.fromkeys(
    [
        "Tax_Profile__c",
        "Cost_Centre__c",
        "Service_Line__c",
        "Practice__c",
        "Region__c",
        "SOW_Number__c",
        "SOW_Signed_On__c",
        "SOW_Expires_On__c",
        "PO_Number__c",
        "Billing_Cap__c",
        "Start_Date__c",
        "End_Date__c",
    ]
) | {
    "StageName": "Closed Won",
    "IsClosed": True,
    "IsWon": True,
    "CloseDate": "2026-11-18",
    "Closed_Won_At__c": "2026-11-18T09:30:00.000+0000",
    "CurrencyIsoCode": "EUR",
    "Contract_Type__c": "Time and Materials",
    "Legal_Entity__c": "NOV-DE",
    "Target_Margin__c": 35.0,
    "Approval_Status__c": "Approved",
}


def sf_change(n: int) -> Change:
    body = Customer(
        ref=SystemRef(system="x", kind="customer", id=str(n)), name=f"Orrin {n}", number=f"20{n:03d}", country="GB"
    )
    return Change("upsert", "customer", f"C-20{n:03d}", f"key-{n}", body)


def sf_retype(world: World) -> str:
    table = world.vendors.crm.tables["Opportunity"]
    key = next(iter(table.rows))
    world.vendors.crm.save("Opportunity", {"Amount": "a lot"}, world.clock.now() + timedelta(seconds=1), key)
    return "Amount"


def sf_again(world: World) -> None:
    table = world.vendors.crm.tables["Opportunity"]
    key = next(iter(table.rows))
    table.put(key, {**table.rows[key], "Amount": 90000.25})


# NetSuite


def ns_prepare(world: World) -> None:
    records = world.vendors.erp.records
    records.upsert("subsidiary", "NOV-DE", {"name": "Novalis GmbH", "currency": "EUR", "country": "DE"})
    records.upsert("customer", "C-10001", {"companyName": "Halden", "subsidiary": {"externalId": "NOV-DE"}})
    job = {
        "companyName": "Grid",
        "parent": {"externalId": "C-10001"},
        "subsidiary": {"externalId": "NOV-DE"},
        "currency": "EUR",
    }
    records.upsert("job", "PRJ-1001", job)
    records.upsert(
        "employee", "E-1007", {"entityId": "E-1007", "lastName": "Field", "subsidiary": {"externalId": "NOV-DE"}}
    )
    records.upsert("projecttask", "PRJ-1001_010", {"title": "PRJ-1001.010", "project": {"externalId": "PRJ-1001"}})

    book(records, "2026-11-16")
    records.shut("2026-11", False)


def book(records: Records, day: str) -> None:
    """An hour on a project, as the ERP holds it."""
    hour = {
        "customer": {"externalId": "PRJ-1001"},
        "employee": {"externalId": "E-1007"},
        "tranDate": day,
        "hours": "1:00",
        "isBillable": True,
        "rate": 120,
        "custcol_cost_rate": 62.5,
        "custcol_currency": "EUR",
        "custcol_cost_currency": "EUR",
    }
    records.upsert("timebill", f"by-hand-{day}", hour)


def ns_grow(world: World, n: int) -> None:
    task = {"title": f"PRJ-1001.{n:03d}", "project": {"externalId": "PRJ-1001"}}
    world.vendors.erp.records.upsert("projecttask", f"PRJ-1001_{n:03d}", task)


def posting(n: int, code: str = "PRJ-1001.010") -> Change:
    body = TimeEntry(
        time_entry_id=f"TE-kantata-{n}",
        ref=SystemRef(system="kantata", kind="time_entry", id=str(n)),
        source_version=1,
        project_ref=SystemRef(system="kantata", kind="project", id="1"),
        project_id="PRJ-1001",
        resource_id="E-1007",
        charge_code=code,
        resource_ref=SystemRef(system="kantata", kind="resource", id="1"),
        work_date=date(2026, 11, 16),
        hours=Decimal("7.5"),
        bill_rate=Money(amount=Decimal("185.10"), currency="EUR"),
        cost_rate=Money(amount=Decimal("62.50"), currency="EUR"),
    )
    return Change("post", "time_entry", f"TE-kantata-{n}-v1", f"key-{n}", body)


def ns_again(world: World) -> None:
    table = world.vendors.erp.records.tables["projecttask"]
    key = list(table.rows)[-1]
    table.put(key, {**table.rows[key], "isInactive": True})


def ns_retype(world: World) -> str:
    table = world.vendors.erp.records.tables["projecttask"]
    key = list(table.rows)[-1]
    table.put(key, {**table.rows[key], "isInactive": "perhaps", "lastModifiedDate": "2026-11-18T10:00:30Z"})
    return "isinactive"


# Kantata


def ka_prepare(world: World) -> None:
    psa, at = world.vendors.psa, world.clock.now() - timedelta(hours=1)
    workspace = psa.save("workspaces", {"title": "PRJ-1001 · Grid", "creator_role": "maven", "currency": "EUR"}, at)
    story = psa.save("stories", {"title": "PRJ-1001.010 Build", "workspace_id": workspace}, at)
    user = psa.save("users", {"full_name": "Dana Field", "email_address": "dana@novalis.example"}, at)
    reference = {
        "subject_type": "User",
        "subject_id": user,
        "service_name": "workday",
        "service_model": "resource",
        "service_model_ref": "E-1007",
    }
    psa.tables["external_references"].put(
        "9001", {"id": "9001", **reference, "status": "successful", "updated_at": "2026-11-18T09:00:00+00:00"}
    )
    for n in range(4):
        ka_entry(world, workspace, story, user, n)


def ka_entry(world: World, workspace: str, story: str, user: str, n: int) -> str:
    fields = {
        "date_performed": "2026-11-16",
        "time_in_minutes": 450 + n,
        "notes": "design",
        "rate_in_cents": 18510,
        "cost_rate_in_cents": 6250,
        "currency": "EUR",
        "currency_base_unit": 100,
        "story_id": story,
        "workspace_id": workspace,
        "user_id": user,
    }
    return world.vendors.psa.save("time_entries", fields, world.clock.now() - timedelta(minutes=30))


def ka_grow(world: World, n: int) -> None:
    psa = world.vendors.psa
    key = list(psa.tables["time_entries"].rows)[n % 4]
    psa.save("time_entries", {"approved": True, "approved_at": "2026-11-18T10:00:00+00:00"}, world.clock.now(), key)


def ka_again(world: World) -> None:
    ka_within(world.vendors.psa, next(iter(world.vendors.psa.tables["time_entries"].rows)), time_in_minutes=90)


def ka_within(psa: Kantata, key: str, **fields: Any) -> None:
    """Change an entry within the second of its last change; the vendor's times are whole seconds."""
    old = psa.tables["time_entries"].rows[key]
    psa.tables["time_entries"].put(key, {**old, **fields})
    psa.feed.happened("time_entry", "updated", key, old, {**old, **fields}, instant(old["updated_at"]))


def ka_change(n: int) -> Change:
    body = Project(
        code=f"PRJ-{2000 + n}",
        name=f"Platform {n}",
        currency="EUR",
        tasks=(
            Task(task_id="1", name="Build", charge_code=f"PRJ-{2000 + n}.010"),
            Task(task_id="2", name="Run", charge_code=f"PRJ-{2000 + n}.020"),
        ),
    )
    return Change("upsert", "project", f"PRJ-{2000 + n}", f"key-{n}", body)


def ka_retype(world: World) -> str:
    table = world.vendors.psa.tables["time_entries"]
    key = next(iter(table.rows))
    world.vendors.psa.save("time_entries", {"approved": True, "time_in_minutes": {"hours": 7}}, world.clock.now(), key)
    return "time_in_minutes"


# Portfolio


def ppm_grow(world: World, n: int) -> None:
    row = {
        "code": f"PRJ-{1000 + n}",
        "name": "Grid",
        "currencyCode": "EUR",
        "value": 125000.5,
        "status": "active",
        "_version": 1,
    }
    world.vendors.ppm.tables["projects"].put(f"PRJ-{1000 + n}", row)


def ppm_change(n: int) -> Change:
    value = Money(amount=Decimal("125000.50"), currency="EUR")
    return Change(
        "upsert",
        "project",
        f"PRJ-{3000 + n}",
        f"key-{n}",
        Project(code=f"PRJ-{3000 + n}", name="Grid", currency="EUR", budget_value=value),
    )


# Workday


def wd_grow(world: World, n: int) -> None:
    worker = {
        "first": "Dana",
        "last": f"Field {n}",
        "user": f"dfield{n}",
        "email": f"d{n}@novalis.example",
        "role": "Architect",
        "weekly_hours": "40",
        "hired": "2024-01-08",
        "active": True,
        "cost_rate": "62.50",
        "currency": "EUR",
        "legal_entity": "NOV-DE",
        "company": "Novalis GmbH",
        "cost_centre": "220",
    }
    world.vendors.hcm.save(f"E-{1000 + n}", worker, world.clock.now())


def wd_retype(world: World) -> str:
    world.vendors.hcm.save("E-1000", {"weekly_hours": "forty"}, world.clock.now())
    return "Worker.Worker_Data.Employment_Data.Worker_Job_Data.0.Position_Data.Scheduled_Weekly_Hours"


# CSV

MAPPING = """
[files.work]
path = "work.csv"
[[stream]]
name = "time"
entity = "time_entry"
event = "tieout.time_entry.approved"
file = "work"
key = "{Id}"
once = "reject"
[stream.fields]
project_ref = { ref = "project", id = "{Project}" }
resource_ref = { ref = "resource", id = "{Who}" }
work_date = { text = "{Day}", type = "date" }
hours = { text = "{Hours}", type = "decimal" }
"bill_rate.amount" = "95.10"
"bill_rate.currency" = "GBP"
"""


def csv_prepare(world: World) -> None:
    (world.folder / "map.toml").write_text(MAPPING)
    (world.folder / "work.csv").write_text("Id,Project,Who,Day,Hours\n")


def csv_grow(world: World, n: int) -> None:
    with (world.folder / "work.csv").open("a") as file:
        file.write(f"{n},PC1,D1,2026-11-16,7.25\n")


def csv_retype(world: World) -> str:
    """The file is exported anew with a row on top, so that none stands where it stood."""
    header, *rows = (world.folder / "work.csv").read_text().splitlines()
    rows[-1] = rows[-1].replace("7.25", "many")
    (world.folder / "work.csv").write_text("\n".join([header, "99,PC1,D1,2026-11-16,7.25", *rows, ""]))
    return "Hours"


def csv_change(n: int) -> Change:
    return Change(
        "annotate",
        "time_entry",
        f"TE-csv-{n}",
        f"key-{n}",
        {"status": "successful", "posting_id": f"TE-csv-{n}-v1", "message": "Posted"},
    )


def csv_options(world: World) -> Mapping[str, Any]:
    return {
        "folder": str(world.folder),
        "mapping": str(world.folder / "map.toml"),
        "results": str(world.folder / "results"),
    }


def csv_count(world: World) -> int:
    found = world.folder / "results" / "time_entry.jsonl"
    return len(found.read_text().splitlines()) if found.exists() else 0


TOKEN = {"token": SECRET}
CASES: dict[str, Case] = {
    "salesforce": Case(
        Role.CRM,
        {"client_id": "tieout", "client_secret": SECRET},
        sf_grow,
        "opportunities",
        "project",
        sf_change,
        lambda world: sum(1 for row in world.vendors.crm.tables["Account"] if str(row["Name"]).startswith("Orrin")),
        bad=Change("upsert", "customer", "C-29999", "key-bad", {"number": "29999"}),
        bad_code="missing-field",
        refusal=(
            400,
            b'[{"message":"Required fields are missing: [Name]","errorCode":"REQUIRED_FIELD_MISSING",'
            b'"fields":["Name"]}]',
            "required-field-missing",
            "Name",
        ),
        write=("PATCH", "/composite/"),
        read="/query",
        retype=sf_retype,
        again=sf_again,
        extend=(b'"StageName":', b'"Einstein_Score__c":0.5,"StageName":', "Opportunity.Einstein_Score__c"),
    ),
    "netsuite": Case(
        Role.ERP,
        TOKEN,
        ns_grow,
        "charge_codes",
        "charge_code",
        posting,
        lambda world: sum(str(row["externalId"])[:2] == "TE" for row in world.vendors.erp.records.tables["timebill"]),
        bad=posting(900, "PRJ-9999.010"),
        bad_code="charge-code-not-found",
        refusal=(
            400,
            b'{"title":"Bad Request","status":400,"o:errorDetails":['
            b'{"detail":"You cannot edit/create a transaction in a closed period",'
            b'"o:errorCode":"USER_ERROR","o:errorPath":"tranDate"}]}',
            "closed-period",
            "tranDate",
        ),
        write=("PUT", "/record/v1/"),
        read="/suiteql",
        prepare=ns_prepare,
        retype=ns_retype,
        again=ns_again,
        options=lambda world: {"actuals_hours": 24, "invoice_events": True},
    ),
    "kantata": Case(
        Role.PSA,
        TOKEN,
        ka_grow,
        "time",
        "project",
        ka_change,
        lambda world: sum(1 for row in world.vendors.psa.tables["workspaces"] if "Platform" in row["title"]),
        bad=Change("upsert", "project", "PRJ-2999", "key-bad", {"code": "PRJ-2999"}),
        bad_code="missing-field",
        refusal=(
            422,
            b'{"errors":[{"type":"validation","message":"Please give your project a title","field":"title"}]}',
            "invalid-content",
            "title",
        ),
        write=("POST", "/workspaces"),
        read="/subscribed_events",
        prepare=ka_prepare,
        retype=ka_retype,
        again=ka_again,
        extend=(b'"taxable":', b'"carbon_grams":12,"taxable":', "time_entry.carbon_grams"),
    ),
    "ppm": Case(
        Role.PPM,
        TOKEN,
        ppm_grow,
        None,
        "project",
        ppm_change,
        lambda world: sum(1 for code in world.vendors.ppm.tables["projects"].rows if code.startswith("PRJ-3")),
        bad=Change("upsert", "project", "PRJ-3999", "key-bad", {"code": "PRJ-3999"}),
        bad_code="missing-field",
        refusal=(
            422,
            b'{"error":"currencyCode is required","field":"currencyCode"}',
            "invalid-content",
            "currencyCode",
        ),
        write=("PUT", "/projects/"),
        read="/projects",
    ),
    "workday": Case(
        Role.HCM,
        {"username": "ISU_SYNC@novalis", "password": SECRET},
        wd_grow,
        "workers",
        "resource",
        retype=wd_retype,
        options=lambda world: {
            "tenant": "novalis",
            "leave_report": "ISU_SYNC/Time_Off",
            "holiday_report": "ISU_SYNC/Holidays",
        },
        read="/workday",
        extend=(b"<wd:User_ID>", b"<wd:Pronoun>they</wd:Pronoun><wd:User_ID>", "Worker.Worker_Data.Pronoun"),
    ),
    "csv": Case(
        Role.PSA,
        {},
        csv_grow,
        "time",
        "time_entry",
        csv_change,
        csv_count,
        bad=Change("upsert", "invoice", "INV-1", "key-bad", {}),
        bad_code="misconfigured",
        prepare=csv_prepare,
        retype=csv_retype,
        options=csv_options,
        http=False,
    ),
}
