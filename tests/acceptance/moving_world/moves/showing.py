"""People of the PSA with invoices, which are the ERP's to send: copies cancelled and paid by hand, others typed in."""

from __future__ import annotations

from random import Random

from tests.acceptance.moving_world.people import Chance, People, Record, move

RECORD = "PSA invoice"


def _one(people: People, chance: Random, ours: bool) -> tuple[str, Record] | None:
    """An invoice that waits for its payment, with its project's code: of the ERP's, or of those that were typed in."""
    references = people.psa_rows("external_references")
    sent = {row["subject_id"] for row in references if row["subject_type"] == "Invoice"}
    found: dict[str, list[Record]] = {}
    for row in people.psa_rows("invoices"):
        if row["status"] == "new" and (row["id"] in sent) == ours:
            found.setdefault(_code(people, row["workspace_ids"][0]), []).append(row)
    wanted = chance.wanted & found.keys() if isinstance(chance, Chance) else set[str]()
    if not found:
        return None
    code = chance.choice(sorted(wanted or found))
    return code, chance.choice(found[code])


def _code(people: People, workspace: str) -> str:
    title = next((row["title"] for row in people.psa_rows("workspaces") if row["id"] == workspace), "")
    return str(title).split(" ", 1)[0]


def _cancelled(people: People, chance: Random, ours: bool) -> str | None:
    found = _one(people, chance, ours)
    if found is not None:
        people.psa.invoices.cancel(found[1]["id"])
    return found and found[0]


@move(RECORD, "cancel")
def cancel(people: People, chance: Random) -> str | None:
    return _cancelled(people, chance, ours=True)


@move(RECORD, "pay")
def pay(people: People, chance: Random) -> str | None:
    """What the ERP may hold for open, or void later: the PSA takes no payment back by its interface."""
    found = _one(people, chance, ours=True) if chance.random() < 0.5 else None
    if found is not None:
        people.psa.invoices.pay({"invoice_id": found[1]["id"], "workspace_id": found[1]["workspace_ids"][0]})
    return found and found[0]


@move(RECORD, "create")
def type_in(people: People, chance: Random) -> str | None:
    rows = sorted(people.psa_rows("workspaces"), key=lambda row: str(row["title"]))
    wanted = [row for row in rows if isinstance(chance, Chance) and _code(people, row["id"]) in chance.wanted]
    if not rows:
        return None
    row = chance.choice(wanted or rows)
    line = {"notes": "by telephone", "amount": chance.choice(("70.00", "1234.56")), "workspace_id": row["id"]}
    people.psa.invoices.make({"workspace_id": row["id"], "payment_schedule": 30, "additional_items": [line]})
    return _code(people, row["id"])


@move(RECORD, "delete")
def cancel_typed(people: People, chance: Random) -> str | None:
    return _cancelled(people, chance, ours=False)
