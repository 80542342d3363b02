"""A replay above the thresholds waits for somebody else, who agrees to exactly what was asked for (E4, X9)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from app.readings.approvals import reading as approvals
from app.readings.masking import MASKED
from app.readings.viewer import Viewer
from integrations.engine import Engine
from models.domain.approval import NotApproved, Thresholds, subject_of
from models.domain.plan import Plan
from models.domain.record import RecordKind
from models.journal import Journal, open_journal
from models.journal.cases.tables import fx_rate, request
from models.journal.requests import Approval
from models.journal.requests.requests import Requests
from models.journal.requests.tables import approval
from models.journal.requests.weighing import weighed
from models.journal.tables import run as run_table
from tests.catalogues import packaged
from tests.unit.engine.hostile import START, HandClock, Hostile, event, posting_flow
from tests.unit.engine.test_replaying import only, refusing

MUCH = {"bill_rate": {"amount": "100", "currency": "EUR"}}
"""A correction of a labour rate: it takes two, whatever its money."""


class Books:
    """Dead runs of one engine, and what people ask of them."""

    def __init__(self, journal: Journal, clock: HandClock, keys: str = "a") -> None:
        self.journal, self.clock, self.refused = journal, clock, set(keys)
        self.target = Hostile(misbehaves=refusing(self.refused))
        self.engine = self.engine_of("first")
        self.engine.admit([event(key) for key in keys])
        self.engine.drain()
        self.dead = [only(journal, key).run_id for key in keys]
        self.refused.clear()

    def engine_of(self, name: str) -> Engine:
        return Engine(self.journal, [posting_flow()], [self.target], self.clock, owner=name)

    def ask(self, actor: str = "ada", subject: str | None = None, **more: Any) -> str:
        body = {"run_ids": self.dead, "from": "start", "correction": MUCH, **more}
        return self.journal.requests.append("replay", body, actor, "the rate was wrong", subject)

    def asked(self, request_id: str) -> Approval:
        found = self.journal.requests.approval(request_id)
        assert found is not None
        return found

    def approve(self, request_id: str, actor: str = "ben", subject: str | None = None) -> None:
        self.journal.requests.approve(request_id, self.asked(request_id).hash, actor, "agreed", subject)

    def state(self, request_id: str) -> str:
        found = self.journal.requests.get(request_id)
        assert found is not None
        return found.state

    def taken(self, request_id: str) -> None:
        """It is in an engine's hands."""
        assert [one.request_id for one in self.journal.requests.take("hand", ["replay"])] == [request_id]

    def effects(self) -> int:
        return sum(self.target.effects.values())


@pytest.fixture
def books(any_journal: Journal, clock: HandClock) -> Books:
    return Books(any_journal, clock)


@pytest.fixture
def one(journal: Journal, clock: HandClock) -> Books:
    return Books(journal, clock)


@pytest.mark.req("E4", "X9")
def test_what_takes_two_waits_and_is_carried_out_once_another_agreed(books: Books) -> None:
    """E4: nothing happens before; each step is on record with who, when and why."""
    asked = books.ask()
    books.engine.drain()
    assert (books.state(asked), books.effects()) == ("asked", 0)
    assert books.asked(asked).because == ("the correction changes bill_rate: labour rate",)
    books.approve(asked)
    books.engine.drain()
    assert (books.state(asked), books.effects()) == ("done", 1)
    told = [record for page in books.journal.feed.read(0) for record in page.records if record.entity == "request"]
    assert [(record.status, record.actor) for record in told] == [
        ("asked", "ada"),
        ("approved", "ben"),
        ("done", "ada"),
    ]
    assert told[0].body["reason"] == "the rate was wrong" and told[1].body["words"] == "agreed"
    assert told[0].body["content_hash"] == told[1].body["content_hash"] == books.asked(asked).hash


SAME = [
    ("ada", None, "ADA", None),
    ("ada", None, "cli:Ada", None),
    ("Ada  Lovelace", None, "ada lovelace", None),
    ("ada@acme.com", "oidc:i|17", "Ada the second", "oidc:i|17"),
    ("cli:root", "Demo operator", "Demo operator", None),
]


@pytest.mark.req("E4", "X9")
@pytest.mark.parametrize(("maker", "subject", "checker", "other"), SAME)
def test_maker_and_checker_are_two_people(
    one: Books, maker: str, subject: str | None, checker: str, other: str | None
) -> None:
    """X9: told apart by who they are, not by how they are called, whichever road they come."""
    asked = one.ask(maker, subject)
    with pytest.raises(NotApproved, match="somebody else must approve it"):
        one.approve(asked, checker, other)
    with pytest.raises(NotApproved, match="withdraw it instead"):
        one.journal.requests.refuse(asked, checker, "no", other)
    one.engine.drain()
    assert (one.state(asked), one.effects()) == ("asked", 0)


@pytest.mark.req("X9")
def test_two_people_of_one_name_are_two_people(one: Books) -> None:
    asked = one.ask("Ann Lee", "oidc:i|17")
    one.approve(asked, "Ann Lee", "oidc:i|18")
    assert one.state(asked) == "approved"
    assert subject_of("x", "oidc:i|aB") != subject_of("x", "oidc:i|Ab"), "what a provider says is not folded"


@pytest.mark.req("E4", "X9")
def test_no_road_leads_past_the_second_person(books: Books) -> None:
    """The database refuses one person for two; the engine carries out nothing that is not approved; runs are replayed
    by nobody without a request.
    """
    asked = books.ask()
    alone = {"decision": "approved", "decided_by": "ada", "decided_as": books.asked(asked).asked_as}
    with pytest.raises(sa.exc.IntegrityError), books.journal.engine.begin() as connection:
        connection.execute(sa.update(approval).values(**alone))
    with pytest.raises(NotApproved, match="takes a second person"):
        books.journal.runs.replay(books.dead, "start", MUCH, "ada", {"reason": "now"})
    with pytest.raises(NotApproved, match="none has approved it"):
        books.journal.runs.replay(books.dead, "start", MUCH, "ada", {"reason": "now", "request_id": asked})
    with books.journal.engine.begin() as connection:
        connection.execute(sa.update(request).values(state="approved"))
    books.engine.drain()
    assert (books.state(asked), books.effects()) == ("failed", 0)


@pytest.mark.req("E4")
def test_a_request_permits_its_own_runs_alone(journal: Journal, clock: HandClock) -> None:
    books = Books(journal, clock, "ab")
    asked = books.ask(run_ids=books.dead[:1])
    books.approve(asked)
    books.taken(asked)
    with pytest.raises(NotApproved, match="names no run"):
        journal.runs.replay(books.dead, "start", MUCH, "ada", {"request_id": asked})


OTHER = {"bill_rate": {"amount": "900", "currency": "EUR"}}
ASTRAY = [
    ("start", OTHER, {}, "another start or correction"),
    ("start", None, {}, "another start or correction"),
    ("failed_step", MUCH, {}, "another start or correction"),
    ("start", MUCH, {"plan_hash": "0" * 64}, "of another plan"),
    ("start", MUCH, {"request_id": "nobody's"}, "there is no request nobody's"),
]


@pytest.mark.req("E4", "X9")
@pytest.mark.parametrize(("start", "correction", "because", "said"), ASTRAY)
def test_a_request_permits_its_own_plan_alone(
    one: Books, start: str, correction: dict[str, Any] | None, because: dict[str, Any], said: str
) -> None:
    asked = one.ask()
    one.approve(asked)
    one.taken(asked)
    with pytest.raises(NotApproved, match=said):
        one.journal.runs.replay(one.dead, start, correction, "ada", {"request_id": asked, **because})
    assert one.journal.runs.replay(one.dead, "start", MUCH, "ada", {"request_id": asked}).refused == {}


@pytest.mark.req("E4", "X9")
def test_a_request_is_used_once_and_by_who_took_it(books: Books) -> None:
    """Before an engine takes it nobody carries it out, and after its end nobody does so again."""
    asked = books.ask()
    books.approve(asked)
    with pytest.raises(NotApproved, match="is approved, not under way"):
        books.journal.runs.replay(books.dead, "start", MUCH, "ada", {"request_id": asked})
    books.engine.drain()
    assert (books.state(asked), books.effects()) == ("done", 1)
    with pytest.raises(NotApproved, match="is done, not under way"):
        books.journal.runs.replay(books.dead, "start", MUCH, "ada", {"request_id": asked})
    preview = books.journal.requests.append("preview", {"run_ids": books.dead}, "ada")
    with pytest.raises(NotApproved, match="to replay anything"):
        books.journal.runs.replay(books.dead, "start", MUCH, "ada", {"request_id": preview})


@pytest.mark.req("E4", "X9")
def test_an_approval_holds_as_long_as_a_request_waits_for_one(books: Books, clock: HandClock) -> None:
    asked = books.ask()
    clock.moment += timedelta(days=13)
    books.approve(asked)
    clock.moment += timedelta(days=14)
    books.engine.drain()
    assert (books.state(asked), books.effects()) == ("failed", 0)
    late = books.ask()
    books.approve(late)
    with books.journal.engine.begin() as connection:
        values = {"decided_at": clock.moment + timedelta(days=14)}
        connection.execute(sa.update(approval).where(approval.c.request_id == late).values(**values))
    books.engine.drain()
    found = books.journal.requests.get(late)
    assert found is not None and (found.state, books.effects()) == ("failed", 0)
    assert "after it had expired" in found.result["error"]


@pytest.mark.req("E4", "X9")
def test_what_changed_between_approval_and_beginning_is_not_begun(one: Books) -> None:
    asked = one.ask()
    one.approve(asked)
    with one.journal.engine.begin() as connection:
        connection.execute(sa.update(run_table).values(amount="9000000.00"))
    one.engine.drain()
    found = one.journal.requests.get(asked)
    assert found is not None and (found.state, one.effects()) == ("failed", 0)
    assert "has changed since it was approved" in found.result["error"]


@pytest.mark.req("E4", "X9")
def test_what_one_person_asked_for_takes_two_once_it_is_worth_more(books: Books) -> None:
    """E4: the engine weighs it anew before it begins."""
    asked = books.journal.requests.append("replay", {"run_ids": books.dead}, "ada")
    with books.journal.engine.begin() as connection:
        connection.execute(sa.update(run_table).values(amount="250000.01", currency="EUR"))
    books.engine.drain()
    found = books.journal.requests.get(asked)
    assert found is not None and (found.state, books.effects()) == ("failed", 0)
    assert "takes a second person by now, since it is worth more" in found.result["error"]


@pytest.mark.req("E4", "X9")
def test_the_thresholds_of_the_installation_hold_on_every_road(tmp_path: Path, clock: HandClock) -> None:
    """E4: for who asks, for the engine that takes it, and for a call that no request asked for."""
    journal = open_journal(f"sqlite:///{tmp_path / 'strict.sqlite'}", clock, Thresholds(amount=Decimal(1)))
    with closing(journal):
        books = Books(journal, clock)
        asked = journal.requests.append("replay", {"run_ids": books.dead}, "ada", "little as it is")
        assert books.state(asked) == "asked"
        with pytest.raises(NotApproved, match=r"worth more than 1\.00 EUR"):
            journal.runs.replay(books.dead, "failed_step", None, "ada", {})
        lax = Requests(journal.engine, clock, journal.feed, thresholds=Thresholds())
        by_itself = lax.append("replay", {"run_ids": books.dead}, "ada")
        books.engine.drain()
        assert (books.state(by_itself), books.effects()) == ("failed", 0)


@pytest.mark.req("E4", "X9")
def test_what_has_changed_is_not_what_was_approved(books: Books) -> None:
    """E4: exactly that hash, of what it was about when it was asked for."""
    asked = books.ask()
    with pytest.raises(NotApproved, match="not what you saw"):
        books.journal.requests.approve(asked, "0" * 64, "ben", "agreed")
    books.engine.admit([event("a", 2, hours="9")])
    books.engine.drain()
    with pytest.raises(NotApproved, match="has changed since"):
        books.approve(asked)
    assert books.state(asked) == "asked"


@pytest.mark.req("E4")
def test_a_body_that_was_changed_after_the_approval_is_not_carried_out(one: Books) -> None:
    asked = one.ask()
    one.approve(asked)
    with one.journal.engine.begin() as connection:
        other = {"run_ids": one.dead, "from": "start", "correction": {"hours": "900"}}
        connection.execute(sa.update(request).values(body=other))
    one.engine.drain()
    found = one.journal.requests.get(asked)
    assert found is not None and (found.state, one.effects()) == ("failed", 0)
    assert "not what was approved" in found.result["error"]


@pytest.mark.req("E4", "X9")
def test_it_is_decided_once_and_with_words(one: Books) -> None:
    asked = one.ask()
    for silent in ("", "  "):
        with pytest.raises(ValueError, match="in words"):
            one.journal.requests.approve(asked, one.asked(asked).hash, "ben", silent)
        with pytest.raises(ValueError, match="why you refuse"):
            one.journal.requests.refuse(asked, "ben", silent)
    with pytest.raises(NotApproved, match="ada asked for this"):
        one.journal.requests.withdraw(asked, "ben")
    one.journal.requests.refuse(asked, "ben", "ask the customer first")
    with pytest.raises(NotApproved, match="ben has decided this before: it is refused"):
        one.approve(asked, "cleo")
    one.engine.drain()
    assert (one.state(asked), one.asked(asked).words, one.effects()) == ("refused", "ask the customer first", 0)


@pytest.mark.req("X9")
def test_what_nobody_decides_expires(books: Books, clock: HandClock) -> None:
    asked = books.ask()
    clock.moment += timedelta(days=14)
    with pytest.raises(NotApproved, match="expired"):
        books.approve(asked)
    books.engine.drain()
    assert (books.state(asked), books.asked(asked).decision, books.effects()) == ("expired", "expired", 0)


@pytest.mark.req("E4", "X9", "E8")
@pytest.mark.parametrize("rival", ["approve", "withdraw", "refuse"])
def test_of_two_decisions_at_once_one_holds(books: Books, rival: str) -> None:
    """E8: two approvers at the same moment, or one while the asker takes it back."""
    asked, gate = books.ask(), Barrier(2)
    requests, seen = books.journal.requests, books.asked(asked).hash
    others: dict[str, Callable[[], None]] = {
        "approve": lambda: requests.approve(asked, seen, "cleo", "me too"),
        "withdraw": lambda: requests.withdraw(asked, "ada"),
        "refuse": lambda: requests.refuse(asked, "cleo", "no"),
    }

    def at_once(decide: Callable[[], None]) -> bool:
        gate.wait(10)
        try:
            decide()
        except NotApproved:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(at_once, [lambda: requests.approve(asked, seen, "ben", "agreed"), others[rival]]))
    assert sorted(won) == [False, True]
    books.engine.drain()
    approved = won[0] or rival == "approve"
    assert (books.state(asked) == "done", books.effects()) == (approved, int(approved))
    told = [record for page in books.journal.feed.read(0) for record in page.records if record.entity == "request"]
    assert sum(record.status in ("approved", "withdrawn", "refused") for record in told) == 1


@pytest.mark.req("E1", "E4", "E8")
def test_an_engine_that_dies_after_the_approval_loses_and_doubles_nothing(books: Books) -> None:
    """E8: whoever takes it next carries it out, once."""
    asked = books.ask()
    books.approve(asked)
    (taken,) = books.journal.requests.take("dying", ["replay"], lease=timedelta(0))
    assert (taken.request_id, books.state(asked), books.effects()) == (asked, "running", 0)
    body = {"request_id": asked, "reason": "the rate was wrong", "plan_hash": taken.plan_hash}
    books.journal.runs.replay(books.dead, "start", MUCH, "ada", body)  # … and before it kept its progress
    books.engine_of("next").drain()
    assert (books.state(asked), books.effects()) == ("done", 1)
    assert len(books.journal.runs.by_keys(["time_entry:a"])) == 2


@pytest.mark.req("E4")
def test_a_replay_of_many_runs_needs_a_reason_on_every_road(journal: Journal, clock: HandClock) -> None:
    books = Books(journal, clock, "abcdefghij")
    with pytest.raises(ValueError, match="say why: a replay of 10 runs"):
        journal.requests.append("replay", {"run_ids": books.dead}, "ada", " ")
    with pytest.raises(ValueError, match="say why: a replay of 10 runs"):
        journal.runs.replay(books.dead, "failed_step", None, "ada", {})
    assert books.state(journal.requests.append("replay", {"run_ids": books.dead[:9]}, "ada")) == "pending"


@pytest.mark.req("E4")
def test_what_takes_two_needs_a_reason(one: Books) -> None:
    with pytest.raises(ValueError, match="say why: it takes a second person, since the correction changes bill_rate"):
        one.journal.requests.append("replay", {"run_ids": one.dead, "correction": MUCH}, "ada")
    assert one.journal.requests.count("waiting") == 0 and one.journal.requests.recent() == []


@pytest.mark.req("E4")
def test_a_replay_waits_for_its_own_preview(one: Books) -> None:
    """It is not asked for, and not approved, while nobody has seen what it would do."""
    body, plain = {"run_ids": one.dead, "from": "start", "correction": MUCH}, {"run_ids": one.dead}
    asked = one.ask()
    one.journal.requests.append("preview", body, "cleo")
    one.journal.requests.append("preview", plain, "cleo")
    with pytest.raises(ValueError, match="preview is being made"):
        one.journal.requests.append("replay", plain, "ada")
    with pytest.raises(NotApproved, match="preview is being made"):
        one.approve(asked)
    one.engine.drain()
    one.approve(asked)
    assert one.state(asked) == "approved"


@pytest.mark.req("E4", "G1")
def test_a_plan_of_two_companies_is_seen_by_who_may_see_both(any_journal: Journal, clock: HandClock) -> None:
    """G1: limited in the database, before a list is cut; a run of no company is nobody's who is limited."""
    books, ids = Books(any_journal, clock, "abc"), {}
    firms = dict(zip(books.dead, ("NOV-DE", "NOV-UK", None), strict=True))
    with any_journal.engine.begin() as connection:
        for run_id, firm in firms.items():
            connection.execute(sa.update(run_table).where(run_table.c.run_id == run_id).values(legal_entity=firm))
    for runs in ([0], [0, 1], [2]):
        ids[books.ask(run_ids=[books.dead[at] for at in runs])] = runs
    for entities, seen in (((), 3), (("NOV-DE",), 1), (("NOV-DE", "NOV-UK"), 2), (("NOV-UK",), 0), (("",), 0)):
        listed = any_journal.requests.listed("waiting", entities)
        assert (len(listed), any_journal.requests.count("waiting", entities)) == (seen, seen), entities
    assert any_journal.requests.listed("waiting", ("NOV-DE",), limit=1)[0].content["runs"] == 1
    assert any_journal.requests.count("waiting", kinds=["write_off"]) == 0
    assert any_journal.requests.count("waiting", not_of="ada") == 0


@pytest.mark.req("E4", "G2")
def test_a_plan_of_two_runs_tells_no_amount_of_one(journal: Journal, clock: HandClock) -> None:
    """G2: neither where one of them is worth nothing, nor what a masked correction makes of both."""
    books = Books(journal, clock, "ab")
    stores: Any = SimpleNamespace(journal=journal, catalogue=packaged())
    ops, finance = (Viewer("x", frozenset({role})) for role in ("operations", "finance"))

    def money(viewer: Viewer, request_id: str) -> Any:
        found = approvals.one(stores, viewer, request_id)
        assert found is not None
        return found.money

    plain, rate = books.ask(correction={"hours": "8"}), books.ask(correction=MUCH)
    nested = books.ask(correction={"lines": [{"cost_rate": "61.5"}]})
    assert (money(ops, plain), money(ops, rate)) == ({"EUR": Decimal("160.0")}, {"EUR": MASKED})
    assert money(finance, rate) == {"EUR": Decimal("1600.00")}
    found = approvals.one(stores, ops, nested)
    assert found is not None and "61.5" not in str(found)
    with journal.engine.begin() as connection:
        connection.execute(sa.update(run_table).where(run_table.c.run_id == books.dead[0]).values(amount=None))
    alone = books.ask(correction={"hours": "8", "notes": "again"})
    assert money(ops, alone) == {"EUR": MASKED} and money(finance, alone) == {"EUR": Decimal("80.0")}


def because(journal: Journal, plan: Plan, thresholds: Thresholds = Thresholds()) -> tuple[str, ...]:
    with journal.engine.connect() as connection:
        return weighed(connection, plan, thresholds, START).because


@pytest.mark.req("E4")
@pytest.mark.parametrize(
    ("amounts", "two"),
    [
        ([("250000.00", "EUR")], None),
        ([("250000.01", "EUR")], "worth more than 250,000.00 EUR"),
        ([("200000.00", "EUR"), ("-50000.01", "EUR")], "worth more than"),
        ([("200000.00", "GBP")], None),
        ([("210000.00", "GBP")], "worth more than"),
        ([("1.00", "JPY")], "amounts in JPY have no exchange rate"),
        ([("0.00", "JPY"), (None, None)], None),
    ],
)
def test_the_edge_of_the_money(
    journal: Journal, clock: HandClock, amounts: list[tuple[str | None, str | None]], two: str | None
) -> None:
    """In the reporting currency, at the last reported rates; what takes back counts like what brings."""
    books = Books(journal, clock, "ab"[: len(amounts)])
    with journal.engine.begin() as connection:
        connection.execute(sa.insert(fx_rate), [{"currency": "EUR", "rate": "1"}, {"currency": "GBP", "rate": "1.2"}])
        for run_id, (amount, currency) in zip(books.dead, amounts, strict=True):
            values = {"amount": amount, "currency": currency}
            connection.execute(sa.update(run_table).where(run_table.c.run_id == run_id).values(**values))
    found = because(journal, Plan(tuple(books.dead)))
    assert two in found[0] if two else found == (), found


UNCLASSED = Thresholds(amount=Decimal(100), classes=frozenset())
"""Where no field is of a class that takes two: money and days alone decide."""


@pytest.mark.req("E4", "X9")
@pytest.mark.parametrize(
    ("correction", "two"),
    [
        ({"hours": "10"}, None),  # 80.00 EUR for 8 hours become 100.00
        ({"hours": "10.01"}, "worth more than 100.00 EUR"),
        ({"hours": "-2.5"}, "worth more than 100.00 EUR"),  # 80.00 are taken back and 25.00 more
        ({"bill_rate": {"amount": "12.50", "currency": "EUR"}}, None),
        ({"bill_rate": {"amount": "12.51", "currency": "EUR"}}, "worth more than 100.00 EUR"),
        ({"bill_rate": {"amount": "1", "currency": "JPY"}}, "amounts in JPY have no exchange rate"),
        ({"value": {"amount": "5000000", "currency": "EUR"}}, "worth more than 100.00 EUR"),
        ({"hours": "plenty"}, "nobody can tell yet"),
        ({"hours": "NaN"}, "nobody can tell yet"),
        ({"plan.hours": "1"}, "nobody can tell yet"),
        ({"billable": False}, None),
        ({"work_date": "2026-05-01"}, "reaches back to 2026-05-01"),
        ({"notes": "x"}, None),
    ],
)
def test_a_correction_is_weighed_by_what_it_makes_of_the_record(
    one: Books, correction: dict[str, Any], two: str | None
) -> None:
    found = because(one.journal, Plan(tuple(one.dead), "start", correction), UNCLASSED)
    assert two in found[0] if two else found == (), found


@pytest.mark.req("E4", "X9")
def test_what_has_no_price_yet_is_not_called_little_once_its_hours_are_corrected(one: Books) -> None:
    with one.journal.engine.begin() as connection:
        connection.execute(sa.update(run_table).values(amount=None, currency=None))
    plain, corrected = (Plan(tuple(one.dead), "start", fields) for fields in (None, {"hours": "9"}))
    assert because(one.journal, plain, UNCLASSED) == ()
    assert "nobody can tell yet" in because(one.journal, corrected, UNCLASSED)[0]


@pytest.mark.req("E4", "G1")
def test_a_correction_to_another_company_or_month_is_about_both(one: Books) -> None:
    """G1: who may not see where it goes cannot agree to it."""
    content = one.asked(one.ask(correction={"legal_entity_id": "NOV-UK", "work_date": "2026-08-31"})).content
    assert content["legal_entities"] == ["NOV-DE", "NOV-UK"] and content["periods"] == ["2026-08", "2026-09"]


@pytest.mark.req("E4")
def test_the_edge_of_the_days_and_a_closed_period(one: Books) -> None:
    plan, day = Plan(tuple(one.dead)), Thresholds(days=92)
    with one.journal.engine.connect() as connection:
        for later, two in ((92, False), (93, True)):
            weight = weighed(connection, plan, day, START + timedelta(days=later))
            assert bool(weight.because) is two, later
    assert "reaches back to 2026-09-01" in weight.because[0]
    with one.journal.engine.begin() as connection:
        connection.execute(sa.update(run_table).values(error_code="closed-period"))
    assert "refused for a closed period" in because(one.journal, plan)[0]


@pytest.mark.req("E4")
@pytest.mark.parametrize(
    ("correction", "two"),
    [
        ({"charge_code": "PRJ-1.010"}, False),
        ({"notes": "see the file"}, False),
        ({"hours": "8"}, True),
        ({"work_date": "2026-09-02"}, True),
        ({"billable": False}, True),
        ({"legal_entity_id": "NOV-UK"}, True),
        ({"dimensions.legal_entity_id": "NOV-UK"}, True),
        ({"project_ref.id": "2"}, True),
        ({"approval": "approved"}, True),
        ({"amount": {"amount": "1", "currency": "EUR"}}, True),
        ({"cost_rate": "1"}, True),
        ({"lines": [{"contract_value": {"amount": "1", "currency": "EUR"}}]}, True),
    ],
)
def test_the_class_of_what_a_correction_changes(one: Books, correction: dict[str, Any], two: bool) -> None:
    assert bool(because(one.journal, Plan(tuple(one.dead), "start", correction))) is two


@pytest.mark.req("E4")
def test_what_was_set_up_before_is_not_weighed_and_what_failed_is(one: Books) -> None:
    """A root that has settled is found again; dead runs named as roots are as heavy as any."""
    root, little = Plan((), roots=tuple(one.dead)), Thresholds(amount=Decimal(1))
    assert because(one.journal, root, little) != ()
    one.journal.requests.append("replay", {"run_ids": one.dead}, "ada")
    one.engine.drain()
    settled = tuple(run.run_id for run in one.journal.runs.by_keys(["time_entry:a"]) if run.state.value == "settled")
    assert settled and because(one.journal, Plan((), roots=settled), little) == ()


def test_every_step_is_an_operators_action(one: Books) -> None:
    asked = one.ask()
    one.journal.requests.withdraw(asked, "Ada", "wrong rate")
    told = [record for page in one.journal.feed.read(0) for record in page.records if record.entity == "request"]
    assert {record.kind for record in told} == {RecordKind.OPERATOR_ACTION}
    assert [record.status for record in told] == ["asked", "withdrawn"]
