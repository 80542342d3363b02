"""Controllers who give up money: one asks to write a record off, or to end that, and another agrees."""

from __future__ import annotations

from random import Random

from tests.acceptance.moving_world.people import Chance, People, move

ASKED = """
SELECT * FROM marts.main.mart_tieout
WHERE entity IN ('time_entry', 'expense', 'invoice_line') AND source_key IS NOT NULL AND target_key IS NULL
    AND source_amount <> 0 AND currency IS NOT NULL AND place <> 'written_off'
ORDER BY item_key, flow
"""
"""What they see on the page of the tie-out as it was told last."""


@move("write-off", "create")
def let_go(people: People, chance: Random) -> str | None:
    seen = [row for row in people.firm.record.rows(ASKED) if (row["flow"], row["item_key"]) not in people.let_go]
    wanted = [row for row in seen if isinstance(chance, Chance) and row["item_key"] in chance.wanted] or seen
    if not wanted:
        return None
    row = chance.choice(wanted)
    made = people.requests.write_off(row, row["source_amount"], "ada", "nobody will pay for it")
    _agreed(people, made)
    told = {"id": made, "amount": row["source_amount"], "currency": row["currency"]}
    people.let_go[row["flow"], row["item_key"]] = told
    return str(row["item_key"])


@move("write-off", "take back")
def reclaim(people: People, chance: Random) -> str | None:
    held = sorted(people.let_go)
    wanted = [one for one in held if isinstance(chance, Chance) and one[1] in chance.wanted] or held
    if not wanted:
        return None
    flow, key = chance.choice(wanted)
    _agreed(
        people, people.requests.take_back(str(people.let_go[flow, key]["id"]), "ada", "the customer pays after all")
    )
    del people.let_go[flow, key]
    return key


def _agreed(people: People, request: str) -> None:
    asked = people.requests.approval(request)
    assert asked is not None
    people.requests.approve(request, asked.hash, "ben", "agreed")
