"""How far events have gone out to each broker, on every database: the feed waits for the slowest (E12)."""

from __future__ import annotations

import pytest

from models.domain.record import Record, RecordKind
from models.journal import Journal
from models.journal.outbox import Unsent
from tests.unit.engine.hostile import START

pytestmark = pytest.mark.req("E12")


def told(journal: Journal, *names: str) -> int:
    """Append a page for each name; the position of the last."""
    for name in names:
        with journal.engine.begin() as connection:
            journal.feed.append(connection, [Record(RecordKind.SOURCE_EVENT, START, business_key=name)])
    return journal.feed.top()


def waiting(journal: Journal, broker: str) -> list[str | None]:
    pages = journal.outbox.read(journal.outbox.begun(broker), 100)
    return [record.business_key for page in pages for record in page.records]


def unsent(event_id: str, why: str = "nobody listens") -> Unsent:
    return Unsent("bus", {"source": "psa", "id": event_id, "amount": "1.20"}, why)


def test_a_broker_goes_on_where_it_stood_and_holds_the_feed(any_journal: Journal) -> None:
    told(any_journal, "before")
    assert waiting(any_journal, "bus") == [] == waiting(any_journal, "other"), "events go out from the first start on"
    last = told(any_journal, "a", "b")
    assert waiting(any_journal, "bus") == ["a", "b"] and any_journal.unsent.behind() == {"bus": 2, "other": 2}
    any_journal.outbox.sent("bus", last)
    any_journal.outbox.sent("bus", last - 1)
    assert waiting(any_journal, "bus") == [] and waiting(any_journal, "other") == ["a", "b"]
    any_journal.feed.confirm("lake", last)
    assert any_journal.feed.trim() == 1 and waiting(any_journal, "other") == ["a", "b"]
    assert any_journal.outbox.only(["bus"]) == 1 and any_journal.outbox.only(["bus"]) == 0
    assert any_journal.feed.trim() == 2


def test_what_is_refused_is_kept_once_until_it_goes(any_journal: Journal) -> None:
    any_journal.outbox.begun("bus")
    last = told(any_journal, "a")
    for why in ("nobody listens", "still nobody"):
        any_journal.outbox.sent("bus", last, [unsent("a", why), unsent("b")])
    assert [(one.key, one.why) for one in any_journal.unsent.all()] == [
        (("psa", "a"), "still nobody"),
        (("psa", "b"), "nobody listens"),
    ]
    assert any_journal.outbox.again("bus") == [] and any_journal.unsent.send_again("other", "ada", "why not") == 0
    assert any_journal.unsent.send_again("bus", "ada", "bound") == 2
    assert any_journal.unsent.send_again("bus", "ada", "bound") == 0, "asked twice, once"
    first, second = any_journal.outbox.again("bus")
    assert first.body == unsent("a").body
    any_journal.outbox.delivered(first)
    any_journal.outbox.refused(unsent("b", "as before"))
    assert any_journal.outbox.again("bus") == []
    assert [(one.key, one.why) for one in any_journal.unsent.all()] == [(second.key, "as before")]
