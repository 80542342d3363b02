"""What reading the sources owes the rest: rows that cannot be mapped, sources that cannot be read (N4, X7, S7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.contracts import Page, Role
from integrations.engine import Engine
from models.domain.errors import Misconfigured, RateLimited, Retriable, Unmappable
from models.domain.record import RecordKind
from models.domain.states import RunState
from models.journal import Journal
from tests.any_text import any_integer, any_text
from tests.unit.connectors.test_csv import source
from tests.unit.engine.hostile import FAST, HandClock, Hostile, event, posting_flow
from tests.unit.engine.test_flowing import state_of


@pytest.mark.req("N4")
def test_a_row_refused_again_in_the_same_moment_is_kept(journal: Journal, clock: HandClock) -> None:
    """N4: a replayed row that still cannot be mapped is a dead letter anew, be it read in the same moment."""
    psa = Hostile("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [
        Page([], "1", rejected=[("27", {"Hours": "8h"}, Unmappable("hours", "Hours", code="bad-number"))])
    ]
    engine = Engine(journal, [posting_flow()], [psa], clock)
    engine.poll()
    (dead,) = journal.runs.by_keys(["time:psa:27"])
    journal.runs.replay([dead.run_id], "failed_step", None, "ops", {})
    engine.poll()
    assert [run.state for run in journal.runs.by_keys(["time:psa:27"])] == [RunState.SUPERSEDED, RunState.DEAD]


@pytest.mark.req("N4")
def test_a_row_the_connector_cannot_map_is_kept_and_read_again(journal: Journal, clock: HandClock) -> None:
    """N4: Page.rejected is a dead run of the intake; its replay reads the stream again, and then it is an event."""
    psa = Hostile("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [
        Page([event("a")], "1", rejected=[("27", {"Hours": "8h"}, Unmappable("hours", "Hours", code="bad-number"))])
    ]
    engine = Engine(journal, [posting_flow()], [psa, Hostile()], clock)
    engine.drain()
    (dead,) = journal.runs.by_keys(["time:psa:27"])
    assert (dead.state, dead.error_code, dead.error_field, dead.payload["row"]) == (
        RunState.DEAD,
        "bad-number",
        "Hours",
        {"Hours": "8h"},
    )
    psa.pages["time"] = [Page([event("a"), event("27")], "1", seen=["a", "27"])]
    journal.runs.replay([dead.run_id], "failed_step", None, "ops", {})
    engine.drain()
    assert state_of(journal, "27") == ["settled"] and state_of(journal, "a") == ["settled"]
    assert journal.runs.by_keys(["time:psa:27"])[0].state is RunState.SUPERSEDED


@pytest.mark.req("N4", "E4")
def test_a_row_that_the_source_has_no_longer_stays_an_exception(any_journal: Journal, clock: HandClock) -> None:
    """N4: asked for again and not shown, its dead letter stays with the row, says why and what to do, and the replay
    has failed.
    """
    psa = Hostile("psa", Role.PSA, streams=["time"])
    bad = ("27", {"Hours": "8h"}, Unmappable("Hours is no number", "Hours", code="bad-number"))
    psa.pages["time"] = [Page([], "1", rejected=[bad])]
    engine = Engine(any_journal, [posting_flow()], [psa, Hostile()], clock)
    engine.drain()
    (dead,) = any_journal.runs.by_keys(["time:psa:27"])
    psa.pages["time"] = [Page([event("28")], "1", seen=["28"])]
    for asked in (1, 2):
        request = any_journal.requests.append("replay", {"run_ids": [dead.run_id]}, "ops")
        engine.drain(poll=False)
        (pending,) = any_journal.runs.by_keys(["time:psa:27"])
        assert (pending.state, pending.error_message) == (RunState.DEAD, "Hours is no number")
        assert any_journal.requests.get(request).state == "running", "the source was not read yet"
        engine.drain()
        (kept,) = any_journal.runs.by_keys(["time:psa:27"])
        assert (kept.run_id, kept.state, kept.payload["row"], kept.error_code) == (
            dead.run_id,
            RunState.DEAD,
            {"Hours": "8h"},
            "bad-number",
        )
        assert (
            kept.error_message.count("psa shows the row no longer") == 1
            and "cancel this with a reason" in kept.error_message
        )  # type: ignore[union-attr]
        told = any_journal.requests.get(request)
        assert (told.state, told.result["failed"]) == ("failed", 1)  # type: ignore[union-attr,index]
        notes = [
            r
            for page in any_journal.feed.read(0, 1000)
            for r in page.records
            if r.run_id == dead.run_id and r.status == "reread"
        ]
        assert len(notes) == asked
    psa.pages["time"].append(Page([event("27")], "2", seen=["27"]))
    engine.drain()
    assert (
        state_of(any_journal, "27") == ["settled"]
        and any_journal.runs.by_keys(["time:psa:27"])[0].state is RunState.SUPERSEDED
    )


@pytest.mark.req("N4")
def test_a_stream_that_nobody_read_for_long_is_not_begun_again(any_journal: Journal, clock: HandClock) -> None:
    """N4: its cursor is all that tells the connector since when it has missed something; once read on, the row is asked
    for.
    """
    psa = Hostile("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [
        Page([], "1", rejected=[("27", {"Hours": "8h"}, Unmappable("no", "Hours", code="bad-number"))])
    ]
    engine = Engine(any_journal, [posting_flow()], [psa], clock)
    engine.poll()
    (dead,) = any_journal.runs.by_keys(["time:psa:27"])
    clock.forward(12 * 86400)
    refused = any_journal.runs.replay([dead.run_id], "failed_step", None, "ops", {}).refused
    assert (
        "time of psa was last read on 2026-09-01 08:00 UTC" in refused[dead.run_id]
        and any_journal.cursors.get("psa", "time") == "1"
    )
    engine.poll()
    assert (
        not any_journal.runs.replay([dead.run_id], "failed_step", None, "ops", {}).refused
        and any_journal.cursors.get("psa", "time") is None
    )


@pytest.mark.req("N4", "E4")
@pytest.mark.parametrize("twice", [False, True])
def test_a_stream_that_nobody_could_read_after_a_replay_goes_on_from_where_it_stood(
    any_journal: Journal, clock: HandClock, twice: bool
) -> None:
    """N4: its mark tells what was missed; the letter stays, says why its row was not looked for, and can be asked for
    again.
    """
    psa = Hostile("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [
        Page([], "1", rejected=[("27", {"Hours": "8h"}, Unmappable("no", "Hours", code="bad-number"))])
    ]
    engine = Engine(any_journal, [posting_flow()], [psa, Hostile()], clock)
    engine.poll()
    (dead,) = any_journal.runs.by_keys(["time:psa:27"])
    for _ in range(1 + twice):
        request = any_journal.requests.append("replay", {"run_ids": [dead.run_id]}, "ops")
        engine.drain(poll=False)
    assert any_journal.cursors.get("psa", "time") is None
    clock.forward(12 * 86400)
    psa.pages["time"] = [Page([event("27")], "1", seen=["27"]), Page([event("missed")], "2", seen=["missed"])]
    engine.drain()
    assert (state_of(any_journal, "missed"), state_of(any_journal, "27"), any_journal.cursors.get("psa", "time")) == (
        ["settled"],
        [],
        "2",
    )
    (kept,) = any_journal.runs.by_keys(["time:psa:27"])
    assert (
        kept.state is RunState.DEAD
        and "replay this once more" in str(kept.error_message)
        and "no longer" not in str(kept.error_message)
    )
    told = any_journal.requests.get(request)
    assert told is not None and (told.state, told.result["failed"]) == ("failed", 1)
    any_journal.runs.replay([dead.run_id], "failed_step", None, "ops", {})
    engine.drain()
    assert (
        state_of(any_journal, "27") == ["settled"]
        and any_journal.runs.by_keys(["time:psa:27"])[0].state is RunState.SUPERSEDED
    )


@pytest.mark.req("N4")
def test_a_stream_that_was_begun_again_and_read_keeps_no_older_mark(any_journal: Journal, clock: HandClock) -> None:
    """N4: a cursor that moved since the replay is the mark by itself; a fresh replay is begun from the beginning."""
    psa = Hostile("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [Page([], "1", rejected=[("27", {}, Unmappable("no", "Hours", code="bad-number"))])]
    engine = Engine(any_journal, [], [psa], clock)
    engine.poll()
    (dead,) = any_journal.runs.by_keys(["time:psa:27"])
    any_journal.runs.replay([dead.run_id], "failed_step", None, "ops", {})
    with any_journal.engine.connect() as connection:
        assert connection.execute(sa.text("select cursor, left_off from cursor where stream = 'time'")).one() == (
            None,
            "1",
        )
    clock.forward(3600)
    engine.poll()
    with any_journal.engine.connect() as connection:
        assert connection.execute(sa.text("select cursor, left_off from cursor where stream = 'time'")).one() == (
            "1",
            None,
        )


@pytest.mark.req("N4")
def test_a_row_that_comes_on_a_later_page_is_waited_for(journal: Journal, clock: HandClock) -> None:
    """N4: no page but the last one says that a row did not come; a row that says nothing to us by now has come too."""
    psa = Hostile("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [
        Page([], "1", rejected=[("27", {"Hours": "8h"}, Unmappable("no", "Hours", code="bad-number"))])
    ]
    engine = Engine(journal, [posting_flow()], [psa], clock)
    engine.poll()
    (dead,) = journal.runs.by_keys(["time:psa:27"])
    psa.pages["time"] = [Page([event("1")], "1", more=True, seen=["1"]), Page([], "2", seen=["27"])]
    journal.runs.replay([dead.run_id], "failed_step", None, "ops", {})
    engine.poll()
    (done,) = journal.runs.by_keys(["time:psa:27"])
    assert (done.state, done.error_message) == (RunState.SUPERSEDED, "no")


@pytest.mark.req("N4")
def test_a_replayed_row_is_read_again_though_a_poll_was_under_way(any_journal: Journal, clock: HandClock) -> None:
    """N4: a poll that read its page before the replay does not put its own cursor over the one that reads the stream
    again.
    """

    class Slow(Hostile):
        meanwhile: Any = None

        def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
            page, meanwhile, self.meanwhile = super().poll(stream, cursor, limit), self.meanwhile, None
            if meanwhile:
                meanwhile()
            return page

    psa = Slow("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [
        Page([], "1", rejected=[("27", {"Hours": "8h"}, Unmappable("hours", "Hours", code="bad-number"))])
    ]
    engine = Engine(any_journal, [posting_flow()], [psa, Hostile()], clock)
    engine.drain()
    (dead,) = any_journal.runs.by_keys(["time:psa:27"])
    psa.pages["time"] = [Page([event("27")], "1"), Page([event("28")], "2")]
    psa.meanwhile = lambda: any_journal.runs.replay([dead.run_id], "failed_step", None, "ops", {})
    clock.forward(1)
    engine.poll()
    engine.drain()
    engine.drain()
    assert state_of(any_journal, "27") == ["settled"] and state_of(any_journal, "28") == ["settled"]


def letters(journal: Journal, *names: str) -> list[RunState]:
    return [run.state for name in names for run in journal.runs.by_keys([f"time:sip:tasks@{name}"])]


@pytest.mark.req("N4")
def test_a_rotated_file_closes_no_letter_of_a_row_that_did_not_come(
    journal: Journal, clock: HandClock, tmp_path: Path
) -> None:
    """N4: what stands at a row's old place is another row, and the bad one is told as not shown any more."""
    engine = Engine(journal, [], [source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,seven\n")], clock)
    engine.poll()
    [dead] = journal.runs.by_keys(["time:sip:tasks@1-58"])
    source(tmp_path, b"2,b,FINISHED,PC2,PBC42,58,0.7\n")
    journal.runs.replay([dead.run_id], "failed_step", None, "ops", {})
    engine.poll()
    [kept] = journal.runs.by_keys(["time:sip:tasks@1-58"])
    assert kept.state is RunState.DEAD and "sip shows the row no longer" in str(kept.error_message)


@pytest.mark.finding("case 20")
@pytest.mark.req("N4")
def test_rows_that_moved_when_an_earlier_one_was_mended_have_come(
    journal: Journal, clock: HandClock, tmp_path: Path
) -> None:
    """N4: two bad rows are mended in their file and both come, though the first one's mending moves the second."""
    engine = Engine(
        journal, [], [source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,seven\n2,b,FINISHED,PC2,PBC42,58,eight\n")], clock
    )
    engine.poll()
    dead = [run.run_id for run in journal.runs.by_keys(["time:sip:tasks@1-58", "time:sip:tasks@2-58"])]
    source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,7\n2,b,FINISHED,PC2,PBC42,58,8\n")
    journal.runs.replay(dead, "failed_step", None, "ops", {})
    engine.poll()
    assert len(dead) == 2 and letters(journal, "1-58", "2-58") == [RunState.SUPERSEDED, RunState.SUPERSEDED]


@pytest.mark.req("N4")
def test_a_row_that_repeats_a_key_has_a_letter_of_its_own(journal: Journal, clock: HandClock, tmp_path: Path) -> None:
    """N4: the first row of the key does not close it; once that one is out of the file, it is the row that comes."""
    twice = b"1,b,FINISHED,PC2,PBC42,58,0.7\n"
    connector = source(tmp_path, b"1,a,FINISHED,PC2,PBC42,58,7\n" + twice)
    [(name, _, _)] = connector.poll("time", None).rejected
    engine = Engine(journal, [], [connector], clock)
    engine.poll()
    [dead] = journal.runs.by_keys([f"time:sip:{name}"])
    journal.runs.replay([dead.run_id], "failed_step", None, "ops", {})
    engine.poll()
    assert [run.state for run in journal.runs.by_keys([f"time:sip:{name}"])] == [RunState.SUPERSEDED, RunState.DEAD]
    source(tmp_path, twice)
    journal.runs.replay([journal.runs.by_keys([f"time:sip:{name}"])[1].run_id], "failed_step", None, "ops", {})
    engine.poll()
    assert [run.state for run in journal.runs.by_keys([f"time:sip:{name}"])] == [
        RunState.SUPERSEDED,
        RunState.SUPERSEDED,
    ]


class Unread(Hostile):
    """A source that cannot be read."""

    def __init__(self, error: Exception | None, **policy: Any) -> None:
        super().__init__("psa", Role.PSA, streams=["time"], policy=replace(FAST, **policy))
        self.error, self.asked = error, 0

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return super().poll(stream, cursor, limit)


@pytest.mark.req("X7", "E3")
@pytest.mark.parametrize(
    ("error", "calls", "code"),
    [
        (Misconfigured("401: the token was refused"), 1, "misconfigured"),
        (Retriable("503"), 3, "transient"),
        (KeyError("x"), 3, "step-crashed"),
    ],
)
def test_a_source_that_cannot_be_read_is_seen(
    journal: Journal, clock: HandClock, error: Exception, calls: int, code: str
) -> None:
    """X7: its circuit opens, one record tells why, and it is left alone until the probe; read again, all is well."""
    psa = Unread(error, breaker_failures=3)
    engine = Engine(journal, [], [psa], clock)
    for _ in range(20):
        engine.poll()
    circuit = journal.throttle.circuits()["psa"]
    assert (psa.asked, circuit.state) == (calls, "open") and circuit.reason
    told = [
        r for page in journal.feed.read(0) for r in page.records if r.kind is RecordKind.FAILURE and r.status == "poll"
    ]
    assert [(record.system, record.error_code) for record in told] == [("psa", code)]
    psa.error = None
    clock.forward(FAST.breaker_seconds + 1)
    engine.poll()
    assert journal.throttle.circuits()["psa"].state == "closed" and journal.runs.pulse().polled_at == clock.now()


@pytest.mark.req("S7")
def test_a_poll_takes_a_token_and_heeds_a_hold(journal: Journal, clock: HandClock) -> None:
    """S7: reading counts against the system's limit as writing does, and a 429 to a poll holds everybody."""
    psa = Unread(RateLimited("slow", clock.now() + timedelta(seconds=60)), rate=0.001, burst=5)
    engine = Engine(journal, [], [psa], clock)
    engine.poll()
    engine.poll()
    assert psa.asked == 1 and journal.throttle.circuits()["psa"].held_until == clock.now() + timedelta(seconds=60)
    assert journal.throttle.take("psa", 5, 0.001, 5)[0] == 4


@pytest.mark.req("N4", "S8")
@given(odd=any_text() | any_integer | st.floats(), place=st.sampled_from(["notes", "id", "subject", "legalentity"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_whatever_one_record_holds_its_neighbours_go_on(journal: Journal, odd: Any, place: str) -> None:
    """N4: a page with one record of any content is admitted whole: the neighbours run, the odd one is never lost, and
    the next page is read.
    """
    name = uuid4().hex
    psa, strange = Hostile("psa", Role.PSA, streams=[name]), event(f"odd-{name}")
    if place == "notes":
        strange = strange.model_copy(update={"data": {**strange.data, "notes": odd}})
    else:
        strange = strange.model_copy(update={place: f"{name}{odd}"})
    psa.pages[name] = [
        Page([event(f"a-{name}"), strange, event(f"b-{name}")], "1", more=True),
        Page([event(f"c-{name}")], "2"),
    ]
    Engine(journal, [posting_flow()], [psa, Hostile("erp")], HandClock()).poll()
    started = journal.runs.by_keys([f"time_entry:{one}-{name}" for one in "abc"])
    assert [run.state for run in started] == [RunState.READY] * 3
    with journal.engine.connect() as connection:
        kept = connection.execute(sa.text("select count(*) from run where event_id like :n"), {"n": f"%{name}%"})
        assert kept.scalar_one() == 4


@pytest.mark.req("N4")
def test_what_no_store_keeps_is_a_dead_letter_that_names_the_place(journal: Journal, clock: HandClock) -> None:
    """N4: half an emoji in the notes of one entry is that entry's dead letter; a replay goes on with what was kept."""
    odd = event("b").model_copy(update={"data": {**event("b").data, "notes": "call \ud83d"}})
    psa = Hostile("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [Page([odd], "1")]
    engine = Engine(journal, [posting_flow()], [psa, Hostile("erp")], clock)
    engine.poll()
    (dead,) = journal.runs.by_keys(["time_entry:b"])
    assert (dead.state, dead.error_code, dead.error_field) == (RunState.DEAD, "unstorable", "data.notes")
    journal.runs.replay([dead.run_id], "start", None, "ada")
    engine.drain(poll=False)
    assert [run.state for run in journal.runs.by_keys(["time_entry:b"])] == [RunState.SUPERSEDED, RunState.SETTLED]


@pytest.mark.req("N4")
def test_what_the_database_refuses_costs_no_neighbour(journal: Journal, clock: HandClock) -> None:
    """N4: where the database itself refuses a record that nobody found odd, it alone is quarantined."""
    psa = Hostile("psa", Role.PSA, streams=["time"])
    psa.pages["time"] = [Page([event("a"), event("b"), event("c")], "1")]
    odd: Any = {"no": "text"}
    flow = replace(posting_flow(), aggregate=lambda one: odd if one.subject == "time_entry:b" else one.subject)
    Engine(journal, [flow], [psa, Hostile("erp")], clock).poll()
    assert [run.state for run in journal.runs.by_keys(["time_entry:a", "time_entry:c"])] == [RunState.READY] * 2
    (dead,) = journal.runs.by_keys(["time:psa:b-1"])
    assert (dead.state, dead.error_code) == (RunState.DEAD, "unstorable")
    assert journal.cursors.get("psa", "time") == "1"
