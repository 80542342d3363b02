"""A write-off on the roads of page and command: one asks, another approves; the books balance to the cent (X12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from app.readings.approvals import deciding
from app.readings.approvals.question import ApprovalQuestion
from app.readings.approvals.reading import counted, decidable, listed, waiting
from app.readings.masking import MASKED
from app.readings.tieout import writing_off
from app.readings.viewer import Viewer
from models.derivation.refresh import refresh
from models.domain.approval import NotApproved
from models.journal import Journal, open_journal
from models.journal.cases.tables import finding
from models.journal.metadata import micros
from models.journal.tables import write_off
from tests.catalogues import packaged
from tests.detecting import reported
from tests.findings.books import entry, posted
from tests.unit.cases.lakes import NOW, Lake, hours_ago
from tests.unit.journal.test_sealed_totals import Clock
from tests.unit.marts.test_tieout import LEVELS, LONG_AGO, Stopped, every_place, places, totals, unbalanced

KEY = "TE-kantata-5"
ADA, BEN = (Viewer(name, frozenset({"finance"})) for name in ("ada", "ben"))
EVE = Viewer("eve", frozenset({"executive"}))
OPS = Viewer("ops", frozenset({"operations"}))
UK, DE = (Viewer(name, frozenset({"finance"}), (firm,)) for name, firm in (("ida", "NOV-UK"), ("dora", "NOV-DE")))
STANDING = ApprovalQuestion(standing=True)


class Books:
    """The tie-out of a small firm, and the journal on which people write it off."""

    def __init__(self, lake: Lake, journal: Journal) -> None:
        self.lake, self.journal = lake, journal
        rows = lambda sql, asked: lake.connection.execute(sql, asked).to_arrow_table().to_pylist()  # noqa: E731
        reader = SimpleNamespace(rows=rows)
        self.stores: Any = SimpleNamespace(lake=reader, journal=journal, desk=journal, catalogue=packaged())
        self.derive()

    def derive(self) -> None:
        """The marts anew, with what the journal says was written off."""
        self.lake.connection.execute("DELETE FROM journal.main.write_off WHERE request_id IS NOT NULL")
        with self.journal.engine.connect() as connection:
            for row in connection.execute(sa.select(write_off)).mappings():
                at = {name: micros(row[name]) if row[name] else None for name in ("approved_at", "reversed_at")}
                kept = ("write_off_id", "flow", "entity", "item_key", "amount", "currency", "asked_by", "approved_by")
                self.lake._insert(
                    "journal.main.write_off", {**{name: row[name] for name in (*kept, "request_id")}, **at}
                )
        refresh(self.lake.connection, "EUR", Stopped(), LEVELS)

    def ask(self, viewer: Viewer = ADA, key: str = KEY, amount: str | None = None, reason: str = "bankrupt") -> str:
        return writing_off.ask(self.stores, viewer, key, "time_entry", amount, reason)

    def approve(self, request_id: str, viewer: Viewer = BEN) -> None:
        found = self.journal.requests.approval(request_id)
        assert found is not None
        deciding.approve(self.stores, viewer, request_id, found.hash, "seen the insolvency file")

    def stands(self, key: str = KEY) -> str:
        self.derive()
        return places(self.lake)[key][0]

    def case_of(self, key: str) -> Any:
        """The case that detectors opened about a thing, brought in line with what they find now."""
        reported(self.lake.connection, self.journal, Stopped())
        with self.journal.engine.begin() as connection:
            query = sa.select(finding.c.case_id).where(finding.c.subject_key.endswith(key))
            case_ids = set(connection.scalars(query))
        (case_id,) = case_ids
        return self.journal.cases.get(case_id)

    def total(self) -> dict[str, Any]:
        (row,) = [row for row in totals(self.lake) if row["entity"] == "time_entry"]
        return row


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    journal = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", Clock(NOW))
    yield Books(every_place(), journal)
    journal.close()


@pytest.mark.req("X12", "X9")
def test_what_two_agreed_to_moves_into_written_off_and_back_and_balances(books: Books) -> None:
    """X12: to the cent, in both directions, and each step is somebody else's."""
    asked = books.ask()
    assert books.stands() == "unexplained", "nothing moves before somebody agreed"
    books.approve(asked)
    assert books.stands() == "written_off"
    row = books.total()
    assert (row["written_off_count"], row["written_off_amount"], row["unexplained_amount"]) == (
        2,
        Decimal("1600.00"),
        0,
    )
    assert unbalanced(totals(books.lake)) == []
    back = writing_off.take_back(books.stores, BEN, asked, "they paid after all")
    with pytest.raises(NotApproved, match="asked for this yourself"):
        books.approve(back)
    assert books.stands() == "written_off"
    books.approve(back, EVE)
    assert books.stands() == "unexplained" and unbalanced(totals(books.lake)) == []
    again = books.ask()
    books.approve(again)
    assert books.stands() == "written_off", "the same record may be written off anew"


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """Books of which nothing may be written off but TE-kantata-5, for tests that ask and change nothing."""
    journal = open_journal(f"sqlite:///{tmp_path_factory.mktemp('books') / 'journal.sqlite'}", Clock(NOW))
    lake = every_place()
    entry(lake, 6, hours_ago(2), changed_at=LONG_AGO)
    posted(lake, 6, hours="9.00")
    with journal.engine.begin() as connection:
        connection.execute(sa.insert(write_off).values(**_standing("TE-kantata-4")))
    yield Books(lake, journal)
    journal.close()


@pytest.mark.req("X12")
@pytest.mark.parametrize(
    ("key", "amount", "said"),
    [
        (KEY, "799.99", "is a part of the difference of 800.00 EUR"),
        (KEY, "800.01", "is larger than the difference of 800.00 EUR"),
        (KEY, "-800.00", "is larger than the difference"),
        (KEY, "x", "is no amount"),
        ("TE-kantata-2", None, "is on its way"),
        ("TE-kantata-4", None, "written off already"),
        ("TE-kantata-1", None, "nothing of TE-kantata-1 is apart"),
        ("typed-in", None, "nothing of typed-in is apart"),
        ("TE-kantata-6", None, "holds TE-kantata-6"),
    ],
)
def test_only_the_whole_of_what_never_arrived_is_written_off(
    refusing: Books, key: str, amount: str | None, said: str
) -> None:
    """X12: never more than the difference, no part of it, and nothing that the target holds; each refused by name."""
    with pytest.raises(ValueError, match=said):
        refusing.ask(key=key, amount=amount)
    assert refusing.journal.requests.count("waiting") == 0


def _standing(key: str) -> dict[str, Any]:
    record = {"flow": "time-to-bill", "entity": "time_entry", "item_key": key, "amount": "800.00", "currency": "EUR"}
    people = {"reason": "r", "asked_by": "ada", "asked_at": NOW, "approved_by": "ben", "approved_at": NOW}
    return {"write_off_id": "old", **record, **people}


@pytest.mark.req("X12", "X9")
def test_a_write_off_needs_a_reason_and_is_asked_for_once(books: Books) -> None:
    with pytest.raises(ValueError, match="say why"):
        books.ask(reason=" ")
    books.ask()
    with pytest.raises(ValueError, match="ada has asked for this already"):
        books.ask(BEN)


@pytest.mark.req("X12", "X9", "G1")
def test_maker_checker_rights_and_scope_hold_on_the_road_of_the_pages(books: Books) -> None:
    with pytest.raises(ValueError, match="do not include “write off”"):
        books.ask(OPS)
    asked = books.ask(Viewer("Ada", frozenset({"finance"}), subject="oidc:i|1"))
    same = Viewer("Ada Lovelace", frozenset({"finance"}), subject="oidc:i|1")
    for viewer, said in ((same, "asked for this yourself"), (OPS, "do not include"), (UK, "see `tieout requests`")):
        with pytest.raises(NotApproved, match=said):
            books.approve(asked, viewer)
    assert (waiting(books.stores, UK), waiting(books.stores, BEN)) == (0, 1)
    (row,) = listed(books.stores, OPS, ApprovalQuestion())
    assert row.money == {"EUR": MASKED} and row.why_not is not None
    (row,) = listed(books.stores, same, ApprovalQuestion())
    assert row.mine and row.money == {"EUR": Decimal("800.00")}
    books.approve(asked, EVE)
    (row,) = listed(books.stores, BEN, ApprovalQuestion(decided=True))
    assert (row.decision, row.decided_by, row.words, row.standing) == (
        "approved",
        "eve",
        "seen the insolvency file",
        True,
    )


@pytest.mark.req("X12", "G1")
def test_a_write_off_is_taken_back_by_who_may_see_it_alone(books: Books) -> None:
    asked = books.ask()
    books.approve(asked)
    with pytest.raises(ValueError, match="there is no write-off"):
        writing_off.take_back(books.stores, UK, asked, "mine now")
    assert [len(listed(books.stores, who, STANDING)) for who in (UK, DE, BEN)] == [0, 1, 1]
    back = writing_off.take_back(books.stores, DE, asked, "they paid after all")
    assert waiting(books.stores, UK) == 0 and decidable(books.stores, BEN) == 1
    books.approve(back)
    assert listed(books.stores, BEN, STANDING) == ()


@pytest.mark.req("X12", "X9", "G1")
def test_a_list_is_limited_to_a_viewer_before_it_is_cut(books: Books) -> None:
    """X12: a write-off is there to be taken back however much was decided since, and others' requests hide nobody's."""
    mine = books.ask()
    books.approve(mine)
    for number in range(60):
        record = {**_tieout(f"TE-uk-{number}"), "legal_entity": "NOV-UK"}
        asked = books.journal.requests.write_off(record, Decimal("5.00"), "ida", "r")
        if number % 2:
            books.journal.requests.refuse(asked, "ben", "no")
    few = ApprovalQuestion(decided=True, limit=20)
    (row,) = listed(books.stores, DE, few)
    assert row.request_id == mine and (counted(books.stores, DE, few), counted(books.stores, BEN, few)) == (1, 31)
    assert [one.request_id for one in listed(books.stores, BEN, STANDING)] == [mine]
    pages = [listed(books.stores, BEN, replace(few, page=number)) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 11, 0]
    assert len({one.request_id for page in pages for one in page}) == 31
    assert (waiting(books.stores, DE), waiting(books.stores, UK), decidable(books.stores, OPS)) == (0, 30, 0)


def _tieout(key: str) -> dict[str, Any]:
    record = {"flow": "time-to-bill", "entity": "time_entry", "item_key": key, "currency": "EUR"}
    return {**record, "source": "kantata", "target": "netsuite", "target_key": None, "source_amount": "5.00"}


@pytest.mark.req("X12")
def test_what_is_worth_something_else_by_now_is_not_written_off(books: Books) -> None:
    """X12: the approval does not hold, and says so."""
    asked = books.ask()
    entry(books.lake, 5, NOW + timedelta(minutes=1), hours="7.00", changed_at=LONG_AGO)
    books.derive()
    with pytest.raises(NotApproved, match="has changed since it was asked for"):
        books.approve(asked)
    assert books.stands() == "unexplained"


@pytest.mark.req("X12")
def test_what_arrived_after_all_has_landed(books: Books) -> None:
    """X12: a write-off hides nothing: what the target holds the same has landed, and nothing is in two places."""
    books.approve(books.ask())
    assert books.stands() == "written_off"
    posted(books.lake, 5, created_at="2026-09-22T10:00:00Z")
    assert books.stands() == "landed" and unbalanced(totals(books.lake)) == []


@pytest.mark.req("X12")
def test_a_target_that_holds_another_amount_is_not_hidden_by_a_write_off(books: Books) -> None:
    books.approve(books.ask())
    posted(books.lake, 5, hours="9.00", created_at="2026-09-22T10:00:00Z")
    assert books.stands() == "unexplained" and unbalanced(totals(books.lake)) == []


@pytest.mark.req("X12", "X9")
def test_two_people_of_one_name_are_told_apart_in_the_books(books: Books) -> None:
    one, other = (Viewer("Ann Lee", frozenset({"finance"}), subject=f"oidc:i|{number}") for number in (1, 2))
    books.approve(books.ask(one), other)
    with books.journal.engine.connect() as connection:
        row = connection.execute(sa.select(write_off)).mappings().one()
    assert (row["asked_by"], row["approved_by"]) == ("Ann Lee", "Ann Lee (oidc:i|2)")
    assert books.stands() == "written_off"


@pytest.mark.req("X12", "X8", "X16")
def test_a_case_closes_by_itself_once_all_of_it_is_written_off(books: Books) -> None:
    """X12: its money moves into written off; neither its dead run nor its work is found any more."""
    lake, key = books.lake, "TE-kantata-7"
    entry(lake, 7, hours_ago(2), changed_at=LONG_AGO)
    lake.run(
        "run-7",
        f"time_entry:{key}",
        error_code="closed-period",
        error_message="the period is closed",
        system="netsuite",
        payload='{"work_date": "2026-09-20"}',
        amount="800.00",
        currency="EUR",
        legal_entity="NOV-DE",
    )
    books.derive()
    case = books.case_of(key)
    assert (case["status"], case["amounts"]) == ("open", {"EUR": Decimal("800.00")})
    books.approve(books.ask(key=key))
    assert books.stands(key) == "written_off"
    assert books.case_of(key)["status"] == "resolved"
    (work,) = lake.rows(f"SELECT state, blocker FROM mart_work WHERE item_key = '{key}'")
    assert work == {"state": "written_off", "blocker": None}
    assert unbalanced(totals(lake)) == []
