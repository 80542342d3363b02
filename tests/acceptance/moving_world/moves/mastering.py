"""Who keeps master data: customers, projects, charge codes, people."""

from __future__ import annotations

from random import Random

from tests.acceptance.moving_world.people import People, any_of, move


@move("customer", "rename")
def rename(people: People, chance: Random) -> str | None:
    row = any_of(people.crm_rows("Account"), chance)
    name = row["Name"].removesuffix(" II") if row["Name"].endswith(" II") else f"{row['Name']} II"
    people.crm.save("Account", {"Name": name}, people.now, row["Id"])
    return str(row["Id"])


@move("customer", "edit number")
def renumber(people: People, chance: Random) -> str | None:
    row = any_of(people.crm_rows("Account"), chance)
    number = chance.choice(("1001", "UK-2001", f"N-{chance.randint(1, 99)}"))
    people.crm.save("Account", {"AccountNumber": number}, people.now, row["Id"])
    return str(row["Id"])


@move("customer", "merge")
def merge(people: People, chance: Random) -> str | None:
    """The CRM moves what one account has to another and deletes the first."""
    if len(accounts := people.crm_rows("Account")) < 3:
        return None
    gone, kept = any_of(accounts, chance), any_of(accounts, chance)
    if gone["Id"] == kept["Id"]:
        return None
    for sale in people.crm_rows("Opportunity"):
        if sale["AccountId"] == gone["Id"]:
            people.crm.save("Opportunity", {"AccountId": kept["Id"]}, people.now, sale["Id"])
    people.crm.save("Account", {}, people.now, gone["Id"])
    people.crm.tables["Account"].change(gone["Id"], IsDeleted=True)
    return str(gone["Id"])


@move("project", "delete in the ERP")
def delete_job(people: People, chance: Random) -> str | None:
    row = any_of(people.erp_rows("job"), chance)
    if row is None or chance.random() < 0.7:
        return None
    people.erp.remove("job", row["id"])
    return str(row["externalId"])


@move("project", "edit code in the ERP")
def recode(people: People, chance: Random) -> str | None:
    row = any_of(people.erp_rows("job"), chance)
    if row is None or chance.random() < 0.7:
        return None
    code = str(row["externalId"])
    code = code.removesuffix("-OLD") if code.endswith("-OLD") else f"{code}-OLD"
    people.accounts.put("job", people.now, row["id"], externalId=code, entityId=code)
    return code.removesuffix("-OLD")


@move("project", "move to another company in the ERP")
def rebook(people: People, chance: Random) -> str | None:
    row, company = any_of(people.erp_rows("job"), chance), any_of(people.erp_rows("subsidiary"), chance)
    if row is None:
        return None
    reference = {"id": company["id"], "refName": company["name"]}
    people.accounts.put("job", people.now, row["id"], subsidiary=reference, currency=company["currency"])
    return str(row["externalId"])


@move("project", "close or reopen in the ERP")
def close(people: People, chance: Random) -> str | None:
    row = any_of(people.erp_rows("job"), chance)
    if row is None:
        return None
    people.accounts.put("job", people.now, row["id"], isInactive=not row.get("isInactive"))
    return str(row["externalId"])


@move("project", "close or reopen in the PSA")
def archive(people: People, chance: Random) -> str | None:
    row = any_of(people.psa_rows("workspaces"), chance)
    if row is None:
        return None
    people.psa.save("workspaces", {"archived": not row["archived"]}, people.now, row["id"])
    return str(row["title"]).split(" ", 1)[0]


@move("charge code", "close or reopen")
def switch_code(people: People, chance: Random) -> str | None:
    row = any_of(people.erp_rows("projecttask"), chance)
    if row is None:
        return None
    people.accounts.put("projecttask", people.now, row["id"], isInactive=not row.get("isInactive"))
    return str(row["title"]).split(".")[0]


@move("person", "edit rate")
def raise_cost(people: People, chance: Random) -> str | None:
    number = chance.choice(sorted(people.vendors.hcm.workers.rows))
    people.vendors.hcm.save(number, {"cost_rate": chance.choice(("55.00", "71.25", None))}, people.now)
    return number


@move("person", "leave or come back")
def leave(people: People, chance: Random) -> str | None:
    number = chance.choice(sorted(people.vendors.hcm.workers.rows))
    people.vendors.hcm.save(number, {"active": not people.vendors.hcm.workers.rows[number]["active"]}, people.now)
    return number


@move("person", "create second user")
def twin(people: People, chance: Random) -> str | None:
    """A person with two accounts in the PSA."""
    users = people.psa_rows("users")
    if len(users) > 5:
        return None
    row = any_of(users, chance)
    fields = {"full_name": row["full_name"], "email_address": row["email_address"], "headline": row.get("headline")}
    people.psa.save("users", fields, people.now)
    return str(row["id"])
