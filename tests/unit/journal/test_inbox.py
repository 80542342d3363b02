"""What a receiver hands to the journal: kept once, before it is acknowledged, in order, whatever it holds (E11)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from models.journal import Journal
from models.journal.inbox import Appended, Item
from models.journal.inbox_queue import Waiting
from tests.unit.engine.hostile import START, HandClock


def item(item_id: str, body: dict[str, Any] | None = None, source: str = "webhooks") -> Item:
    return Item(source, item_id, START, body if body is not None else {"id": item_id})


def kept(journal: Journal) -> list[Waiting]:
    return journal.inbox_queue.waiting(100)


@pytest.mark.req("E11")
def test_an_item_is_kept_once_and_in_order(any_journal: Journal) -> None:
    """E11: the sender's id tells a second delivery from a first, in one call and from call to call."""
    assert any_journal.inbox.append([item("b"), item("a"), item("b")]) == Appended(2, 1)
    assert any_journal.inbox.append([item("a"), item("a", source="files")]) == Appended(1, 1)
    assert [(one.item.source, one.item.item_id) for one in kept(any_journal)] == [
        ("webhooks", "b"),
        ("webhooks", "a"),
        ("files", "a"),
    ]
    assert any_journal.inbox.append([]) == Appended(0, 0)


@pytest.mark.req("E11")
def test_an_admitted_item_stays_known_and_its_body_goes(any_journal: Journal, clock: HandClock) -> None:
    """E11: what was admitted is not admitted again when its sender repeats it; after a month its id goes too."""
    any_journal.inbox.append([item("a"), item("b")])
    first = kept(any_journal)[0]
    with any_journal.engine.begin() as connection:
        any_journal.inbox_queue.admitted(connection, [first.position])
    assert any_journal.inbox.append([item("a")]) == Appended(0, 1)
    assert [one.item.item_id for one in kept(any_journal)] == ["b"] and any_journal.runs.pulse().due == 1
    with any_journal.engine.begin() as connection:
        assert connection.scalars(sa.text("select body from inbox where item_id = 'a'")).all() == [None]
    assert any_journal.inbox_queue.tidy() == 0
    clock.forward(31 * 86400)
    assert any_journal.inbox_queue.tidy() == 1
    assert [one.item.item_id for one in kept(any_journal)] == ["b"], "what waits is never forgotten"


@pytest.mark.req("E11")
def test_a_page_of_large_bodies_is_a_short_one(any_journal: Journal) -> None:
    """E11: what is taken in hand at once is bounded by what it holds; one that is larger than that comes alone."""
    any_journal.inbox.append([item(name, {"text": name * size}) for name, size in (("a", 90), ("b", 40), ("c", 40))])
    page = any_journal.inbox_queue.waiting(100, characters=80)
    assert [one.item.item_id for one in page] == ["a"]
    with any_journal.engine.begin() as connection:
        any_journal.inbox_queue.admitted(connection, [one.position for one in page])
    assert [one.item.item_id for one in any_journal.inbox_queue.waiting(100, characters=80)] == ["b", "c"]


@pytest.mark.req("E11", "N4")
def test_an_admission_that_is_undone_leaves_the_item(any_journal: Journal) -> None:
    any_journal.inbox.append([item("a")])
    with pytest.raises(RuntimeError), any_journal.engine.begin() as connection:
        any_journal.inbox_queue.admitted(connection, [kept(any_journal)[0].position])
        raise RuntimeError("the power went out")
    assert [one.item for one in kept(any_journal)] == [item("a")]


@pytest.mark.req("E11", "N4")
@pytest.mark.parametrize(
    ("body", "as_kept"),
    [
        ({"notes": "call \ud83d"}, {"notes": "call \ufffd"}),
        ({"n": [1, 123456789012345678901]}, {"n": [1, "123456789012345678901"]}),
        (
            {"\udc00": {"deep": ("\ud83d\ude00", 1.5, None, True)}},
            {"\ufffd": {"deep": ["\U0001f600", 1.5, None, True]}},
        ),
    ],
)
def test_what_no_database_keeps_is_kept_with_a_refusal(
    any_journal: Journal, body: dict[str, Any], as_kept: dict[str, Any]
) -> None:
    """N4: nothing that can be sent raises at the receiver; what had to be mended never passes for what was sent."""
    any_journal.inbox.append([item("a\0\ud83d", body)])
    (found,) = kept(any_journal)
    assert (found.item.item_id, found.item.body) == ("a\ufffd\ufffd", as_kept)
    assert found.item.refusal is not None and found.item.refusal[0] == "not-json"


@pytest.mark.req("E11")
def test_what_is_kept_is_what_was_sent(any_journal: Journal) -> None:
    sent = Item(
        "webhooks",
        "a",
        START,
        {"text": "\0 é ‮ 👍", "n": 1},
        "00-" + "1" * 32 + "-" + "2" * 16 + "-01",
        ("x", "y", None),
    )
    any_journal.inbox.append([sent])
    assert kept(any_journal)[0].item == sent
