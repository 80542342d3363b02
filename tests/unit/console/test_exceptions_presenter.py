"""Causes, cases, previews and progress in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from app.console.exceptions import presenter as present
from app.console.exceptions import replay, replaying, stake
from app.console.widgets.payload import ABSENT, fields_of
from app.readings.viewer import Viewer
from models.canonical.classification import MASK, DataClass
from models.domain.plan import plan_of
from models.domain.team import Teams
from models.journal.cases import CaseGroup
from models.journal.requests import Request
from tests.catalogues import packaged

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOBODY: frozenset[DataClass] = frozenset()
FINANCE = frozenset({DataClass.LABOUR_RATE, DataClass.CONTRACT_VALUE})
OPEN: frozenset[str] = frozenset()


def group(cause: str, occurrences: int, money: int, severity: str = "high") -> CaseGroup:
    return CaseGroup(cause, cause, 2, occurrences, Decimal(money), severity, NOW - timedelta(days=2), NOW)


@pytest.mark.req("X8")
def test_failures_are_told_as_causes() -> None:
    """X8: 2,140 failures have 2 causes."""
    groups = [group("a", 2000, 90_000), group("b", 140, 38_400)]
    assert present.verdict(groups, "EUR") == ("warn", "2,140 failures have 2 causes; €128k is at stake.")
    assert present.verdict([], "EUR") == ("good", "Nothing is stuck.")
    assert present.verdict([group("a", 1, 0, "critical")], "EUR") == ("bad", "1 failure has 1 cause.")
    assert [round(row["share"]) for row in present.cause_rows(groups, NOW, "EUR")] == [70, 30]


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    ("chosen", "scope"), [([], ("NOV-DE",)), (["NOV-UK"], ("NOV-DE",)), (["NOV-DE", "NOV-UK"], ("NOV-DE",))]
)
def test_a_filter_is_never_wider_than_the_viewers_legal_entities(chosen: list[str], scope: tuple[str, ...]) -> None:
    """G1: an address with another entity shows nothing of it."""
    assert present.chosen(Viewer("li", frozenset({"finance"}), ("NOV-DE",)), {"entity": chosen}).legal_entities == scope


def test_filters_say_what_the_widgets_say() -> None:
    viewer = Viewer("li", frozenset({"operations"}))
    where = present.chosen(
        viewer, {"status": "Snoozed", "mine": True, "find": " PRJ ", "cause": ["x"], "overdue": True}
    )
    assert (where.status, where.assignees, where.text, where.causes, where.overdue) == (
        ("snoozed",),
        ("li",),
        "PRJ",
        ("x",),
        True,
    )
    assert present.chosen(viewer, {}).status is None


def test_a_cause_in_an_address_is_a_code_or_a_title() -> None:
    known = ["charge-code-unknown", "paused"]
    assert present.titles(["paused", "Unknown charge code"], known) == [
        "Paused for missing data",
        "Unknown charge code",
    ]
    assert present.causes(["Paused for missing data"], known) == present.causes(["paused"], known) == ("paused",)
    assert present.causes([], known) == () and present.causes(["nonsense"], known) == ("nonsense",)


def test_service_levels_count_down_and_then_up() -> None:
    case = {"status": "open", "sla_due": NOW + timedelta(hours=7)}
    assert present.due(case, NOW) == "7 h left"
    assert present.due({**case, "sla_due": NOW - timedelta(days=2)}, NOW) == "2 d over"
    assert present.due({**case, "status": "resolved"}, NOW) == "–"


@pytest.mark.req("G2")
def test_evidence_masks_rates() -> None:
    """G2: evidence is a payload too."""
    shown = present.evidence({"charge_code": "X", "bill_rate": {"amount": "95.00", "currency": "EUR"}}, NOBODY)
    assert "95.00" not in shown and MASK in shown and "X" in shown


@pytest.mark.req("E4")
def test_a_replay_request_is_what_the_journal_accepts() -> None:
    """E4: the selection, the start and the correction, frozen by their hash."""
    body = replay.body(["r1", "r2"], "From the start", {"charge_code": "P.020"}, "case", None)
    plan = plan_of(body)
    assert (plan.run_ids, plan.start, plan.correction) == (("r1", "r2"), "start", {"charge_code": "P.020"})
    assert replay.body(["r1"], "Failed step", None, None, plan.hash)["plan_hash"] == plan.hash


@pytest.mark.req("E4")
def test_no_two_selections_share_a_dialog() -> None:
    """E4: not those that begin with the same cases, nor cases whose ids begin alike."""
    many = [f"{at:06x}{at:010x}" for at in range(12)]
    keys = {
        replay.selection_key(ids)
        for ids in (many, many[:-1], [*many[:-1], "f" * 16], ["abcdef" + "1" * 10], ["abcdef" + "2" * 10])
    }
    assert len(keys) == 5
    assert replay.selection_key(many) == replay.selection_key(reversed(many))


def test_corrections_take_json_and_leave_codes_alone() -> None:
    rows = [
        {"field": " charge_code ", "value": "PRJ-1"},
        {"field": "bill_rate", "value": '{"amount": "1.00", "currency": "EUR"}'},
        {"field": "billable", "value": "true"},
        {"field": "", "value": "x"},
        {"field": "a", "value": None},
        {"field": "code", "value": "007"},
    ]
    assert replay.correction(rows) == {
        "charge_code": "PRJ-1",
        "bill_rate": {"amount": "1.00", "currency": "EUR"},
        "billable": True,
        "code": "007",
    }


PREVIEW: dict[str, Any] = {
    "plan_hash": "h",
    "count": 3,
    "totals": {"GBP": "120.00"},
    "hazards": [{"kind": "closed_period", "run_id": run, "message": "refused again"} for run in ("r1", "r2")],
    "runs": [
        {
            "run_id": "r1",
            "business_key": "time_entry:1",
            "steps": [
                {"step": "post", "system": "netsuite", "outcome": "fails", "error": "period closed", "fields": []}
            ],
        },
        {
            "run_id": "r3",
            "business_key": "time_entry:3",
            "steps": [
                {
                    "step": "notify",
                    "system": "kantata",
                    "outcome": "nothing_to_do",
                    "error": "nothing to tell",
                    "fields": [],
                },
                {"step": "post", "outcome": "waits", "error": "no project"},
            ],
        },
        {
            "run_id": "r2",
            "business_key": "time_entry:2",
            "steps": [
                {
                    "step": "post",
                    "system": "netsuite",
                    "outcome": "creates",
                    "error": None,
                    "fields": [
                        {"field": "hours", "current": "8:00", "wanted": "8:00", "changed": False},
                        {"field": "rate", "current": None, "wanted": "95", "changed": True},
                    ],
                }
            ],
        },
    ],
}


@pytest.mark.req("E4")
def test_a_preview_says_what_would_fail_and_shows_changes_first() -> None:
    assert (
        replay.in_words(PREVIEW, OPEN)
        == "3 runs would be replayed, worth £120.00; 1 run would fail again; 1 run would wait for data."
    )
    assert replay.hazards(PREVIEW) == ["Closed period: refused again (2 runs)"]
    fields = replay.fields(PREVIEW["runs"][2]["steps"][0], NOBODY)
    assert [(field.path, field.before, field.after) for field in fields] == [
        ("rate", ABSENT, MASK),
        ("hours", "8:00", "8:00"),
    ]


def test_a_hazard_is_not_called_harmless() -> None:
    calm = {"runs": PREVIEW["runs"][2:], "count": 1, "totals": {}}
    assert replay.in_words(calm, OPEN) == "1 run would be replayed; none is expected to fail."
    assert replay.in_words({**calm, "hazards": PREVIEW["hazards"]}, OPEN).endswith("mind the hazards.")


DARK: dict[str, Any] = {
    "run_id": "r4",
    "business_key": "time_entry:4",
    "steps": [
        {"step": "post", "system": None, "outcome": "fails", "error": "503", "error_code": "transient", "fields": []}
    ],
}


@pytest.mark.req("E4")
def test_a_system_that_could_not_be_asked_is_no_failing_step() -> None:
    """E4: a passing fault of the dry run says nothing of the replay; the step's system is known from the other runs."""
    runs = [*PREVIEW["runs"], DARK]
    assert replay.fault(DARK) is None and replay.unasked(DARK)
    assert replay.in_words({"runs": runs, "count": 4, "totals": {}}, OPEN) == (
        "4 runs would be replayed; 1 run could not be checked now; 1 run would fail again; 1 run would wait for data."
    )
    assert (
        replay.in_words({"runs": [DARK], "count": 1, "totals": {}}, OPEN)
        == "1 run would be replayed; 1 run could not be checked now."
    )
    assert replay.silent({"runs": runs}) == "Could not ask netsuite now: preview again. Last answer: 503"
    assert replay.silent(PREVIEW) is None
    title = replay.step_title(DARK["steps"][0], replay.systems({"runs": runs}))
    assert "could not ask netsuite now: preview again" in title and "Fails" not in title
    assert [run["run_id"] for run in replay.ranked({"runs": runs})] == ["r1", "r4", "r3", "r2"], (
        "what needs a look comes first"
    )
    assert replay.run_title(DARK) == "time_entry:4 · could not be checked"


@pytest.mark.req("E4")
def test_the_set_that_runs_is_the_set_that_was_seen() -> None:
    """E4: runs that fail after a preview neither join it unseen nor make it vanish; one that has gone ends it."""
    assert replay.held({"run_ids": ["a", "b"]}, ["a", "b", "c"]) == ["a", "b"]
    assert replay.held({"run_ids": ["a", "b"]}, ["b", "c"]) == ["b", "c"]
    assert replay.held({}, ["a"]) == ["a"]


def held_by(
    entity: str,
    records: int,
    amount: str,
    chosen: bool = False,
    has_run: bool = True,
    currency: str = "EUR",
    case_id: str = "c",
) -> dict[str, Any]:
    last = f"{case_id}-{records}"
    return {
        "case_id": case_id,
        "entity": entity,
        "currency": currency,
        "chosen": chosen,
        "has_run": has_run,
        "records": records,
        "amount": Decimal(amount),
        "first_subject": f"{case_id}-1",
        "last_subject": last,
    }


MISSING = {"cause": "project-missing", "money_kind": "billing_blocked", "amount_reporting": Decimal(184200)}


@pytest.mark.req("X8", "E4")
def test_the_preview_says_why_its_money_is_not_the_cases() -> None:
    """X8, E4: what no run carries, and what lies outside the selection, is named with its money."""
    entries, stones = held_by("time_entry", 214, "146200", chosen=True), held_by("milestone", 2, "38000", has_run=False)
    assert stake.beside(
        {"EUR": "146200.00"}, [entries, stones, held_by("project", 1, "0", has_run=False)], 214, [MISSING], OPEN
    ) == (
        "€146,200.00 in these 214 runs; the case’s other €38,000.00 are 2 milestones without a run of their own, "
        "which become billable once the project is there again."
    )
    part = [
        held_by("time_entry", 1, "700", chosen=True),
        held_by("time_entry", 213, "145500"),
        held_by("milestone", 1, "19000", has_run=False),
    ]
    assert stake.beside({"EUR": "700.00"}, part, 1, [MISSING, {**MISSING, "cause": "rate-missing"}], OPEN) == (
        "€700.00 in this run; the cases’ other €164,500.00 are 213 time entries outside this selection "
        "and 1 milestone without a run of its own, "
        "which becomes billable once their causes are mended."
    )
    several = [held_by("expense", 1, "1", has_run=False, currency=currency) for currency in ("EUR", "GBP", "USD")]
    assert "other €1.00, £1.00 and $1.00 are 3 expenses" in str(stake.beside({}, several, 0, [MISSING], OPEN))


def test_a_preview_of_all_the_money_says_no_more() -> None:
    assert stake.beside({"EUR": "10.00"}, [held_by("time_entry", 1, "10", chosen=True)], 1, [MISSING], OPEN) is None
    told = stake.beside({}, [held_by("expense", 3, "10", chosen=True, currency="GBP")], 3, [MISSING], OPEN)
    assert told == "no money in these 3 runs, for whose records the case counts £10.00, their value in the systems now."


def carried(entity: str, *subjects: str) -> list[dict[str, Any]]:
    return [
        {"entity": entity, "first_subject": one, "last_subject": one, "currency": "EUR", "amount": Decimal(9)}
        for one in subjects
    ]


@pytest.mark.req("G2", "E4")
def test_a_preview_does_not_tell_the_amount_of_one_masked_record() -> None:
    """G2: neither where a sum is over one, nor where it follows from what the case counts."""
    entries, stone = held_by("time_entry", 214, "146200", chosen=True), held_by("milestone", 1, "38000", has_run=False)
    masked = stake.hidden([entries, stone], carried("time_entry", "1", "2"), NOBODY)
    told = stake.beside({"EUR": "146200.00"}, [entries, stone], 214, [MISSING], masked)
    assert told == (
        f"{MASK} in these 214 runs; the case’s other {MASK} is 1 milestone without a run of its own, "
        "which becomes billable once the project is there again."
    )
    assert replay.in_words({**PREVIEW, "totals": {"EUR": "146200.00", "GBP": "9.00"}}, masked).startswith(
        f"3 runs would be replayed, worth {MASK}, £9.00;"
    )
    assert not stake.hidden([entries, stone], carried("time_entry", "1", "2"), FINANCE)
    assert not stake.hidden([entries, {**stone, "last_subject": "c-2"}], [], NOBODY), "two milestones are a sum"


@pytest.mark.req("G2", "E4")
def test_sums_that_tell_one_amount_are_known_by_run_by_case_and_by_what_is_clear() -> None:
    """G2: one run, one record in two cases, one record beside clear expenses, one part of one case among several."""
    entry, expense = held_by("time_entry", 1, "700", chosen=True), held_by("expense", 5, "50", chosen=True)
    assert (
        stake.hidden([], carried("time_entry", "1"), NOBODY)
        == stake.hidden([entry], [], NOBODY)
        == stake.hidden([entry, expense], [], NOBODY)
        == {"EUR"}
    )
    assert stake.hidden([entry, {**entry, "case_id": "d"}], [], NOBODY) == {"EUR"}, "the same record counts in both"
    assert not stake.hidden([held_by("expense", 1, "50", chosen=True)], carried("expense", "1"), NOBODY)
    whole = [held_by("time_entry", 1, "700", chosen=True, case_id=case) for case in "cde"]
    assert not stake.hidden(whole, carried("time_entry", "1", "2", "3"), NOBODY)
    assert stake.hidden([*whole, held_by("time_entry", 3, "2100", case_id="e")], [], NOBODY) == {"EUR"}, (
        "of e, one follows from the other three"
    )


@pytest.mark.req("G2", "E4")
@pytest.mark.parametrize(("role", "told"), [("operations", False), ("finance", True)])
def test_the_panel_masks_by_the_viewers_roles(monkeypatch: pytest.MonkeyPatch, role: str, told: bool) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(replaying, "draw", drawn.append)
    monkeypatch.setattr(
        replaying,
        "ask_now",
        lambda *_, **__: [
            held_by("time_entry", 1, "700", chosen=True),
            held_by("milestone", 1, "38000", has_run=False),
        ],
    )
    monkeypatch.setattr(replaying, "amounts_carried", lambda _: carried("time_entry", "1"))
    seen = Request(
        "q",
        "preview",
        {"run_ids": ["r"]},
        "done",
        {"runs": [], "count": 1, "totals": {"EUR": "700.00"}},
        "mara",
        None,
        None,
        None,
        NOW,
        NOW,
        NOW,
        1,
    )
    replaying._previewed(Viewer("mara", frozenset({role})), seen, [{**MISSING, "case_id": "c"}])
    assert ("700.00" in str(drawn)) == ("38,000" in str(drawn)) == told and (MASK in str(drawn)) != told


@pytest.mark.req("E4")
def test_a_replay_under_way_is_found_again_after_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(name: str, kind: str, state: str) -> Request:
        return Request(name, kind, {"run_ids": ["r"]}, state, {}, "mara", None, None, "c", NOW, NOW, NOW, 1)

    made = {
        "c": [asked("p", "preview", "running"), asked("new", "replay", "running"), asked("old", "replay", "done")],
        "d": [asked("old", "replay", "done")],
    }
    monkeypatch.setattr(
        replaying, "journal", lambda: SimpleNamespace(requests=SimpleNamespace(recent=lambda _, case: made[case]))
    )
    memory: dict[str, str] = {}
    monkeypatch.setattr(replaying.st, "session_state", memory)
    found = replaying._under_way("c", "case_c")
    assert found is not None and found.request_id == "new" and memory == {"replay_case_c": "new"}
    assert replaying._under_way("d", "case_d") is None and replaying._under_way(None, "some") is None


def event(action: str, minutes: int, actor: str = "detector", **body: Any) -> dict[str, Any]:
    return {"action": action, "at": NOW - timedelta(minutes=minutes), "actor": actor, "body": body}


@pytest.mark.req("X8", "X9")
def test_a_closed_case_says_what_resolved_it() -> None:
    """X8, X9: instead of an action that nobody needs any more."""
    case = {"explanation": "It was so.", "next_action": "Replay.", "resolved_at": NOW}
    events = [
        event("commented", 1, "li", text="fine"),
        event("resolved", 5, occurrences=0),
        event("replay_requested", 7, "mara", reason="set up again"),
        event("opened", 90),
    ]
    told = present.resolution(case, events)
    assert "What resolved it" in told and "Replay." not in told
    assert "since 20 Nov 09:55. mara replayed it at 20 Nov 09:53: “set up again”." in told
    assert " ago" not in told, "this part stands still: an age in it would soon be wrong"
    earlier = [
        event("resolved", 5, occurrences=0),
        event("reopened", 60, occurrences=3),
        event("replay_requested", 70, "mara"),
        event("opened", 90),
    ]
    assert "No replay was asked for from this case" in present.resolution(case, earlier), (
        "a replay before it came back did not mend it"
    )


def test_the_figures_of_a_closed_case_ask_for_nothing() -> None:
    case = {
        "amount_reporting": Decimal(0),
        "amounts": {},
        "sla_due": NOW - timedelta(days=1),
        "status": "resolved",
        "money_kind": "billing_blocked",
        "occurrences": 0,
        "first_seen": NOW,
        "last_seen": NOW,
        "owner": "erp",
        "system": None,
        "flow": "f",
        "assignee": None,
    }
    notes = [str(metric.note) for metric in present.figures(case, NOW, "EUR", Teams())]
    assert notes[:2] == ["nothing any more", "none is left"] and notes[3] == "resolved: no clock runs"
    still = {**case, "status": "open", "amount_reporting": Decimal(5), "amounts": {"EUR": "5.00"}}
    assert present.figures(still, NOW, "EUR", Teams())[0].note == "billing blocked", "the same money is not said twice"
    assert present.figures({**still, "amounts": {"GBP": "4.00"}}, NOW, "EUR", Teams())[0].note == "£4.00"


def test_the_list_names_teams() -> None:
    case = dict.fromkeys(("title", "subject_key", "project_key", "assignee", "flow", "system", "legal_entity"), "x") | {
        "owner": "netsuite",
        "severity": "high",
        "status": "resolved",
        "amount_reporting": "0.00",
        "occurrences": 1,
        "first_seen": NOW,
    }
    assert (
        present.case_rows([case], NOW, "EUR", packaged().teams.playing({"netsuite": "erp"}))[0]["owner"] == "ERP team"
    )


def test_corrections_name_fields_of_the_payload() -> None:
    assert fields_of({"charge_code": "x", "rate": {"amount": 1}, "tasks": [{"a": 1}], "_engine": 1}) == [
        "charge_code",
        "rate.amount",
    ]


@pytest.mark.req("E4")
@pytest.mark.parametrize(
    ("state", "result", "mood", "part"),
    [
        ("pending", None, "info", "Waiting for the engine"),
        ("running", {"settled": 11, "replayed": 11}, "info", "11 of 32 arrived"),
        ("done", {"settled": 30, "waiting": 2, "replayed": 32}, "good", "2 wait for data"),
        ("done", {"settled": 31, "failed": 1}, "warn", "1 failed again"),
        ("done", {"settled": 31, "refused": {"r": "settled already"}}, "good", "1 had moved on already"),
        ("done", {"settled": 1, "failed": 10, "stopped": True}, "bad", "10 runs failed again"),
        ("cancelled", {"replayed": 11}, "warn", "Stopped by a person after 11 runs"),
    ],
)
def test_progress_is_told_in_a_sentence(state: str, result: dict[str, Any] | None, mood: str, part: str) -> None:
    far = replay.progress({"run_ids": list(range(32))}, result)
    assert replay.outcome(state, far)[0] == mood
    assert part in replay.outcome(state, far)[1]
    assert 0 <= far.share <= 1


@pytest.mark.req("G2", "X8")
def test_a_record_of_a_case_shows_its_amount_to_cleared_roles_and_its_evidence_masked() -> None:
    row = {
        "subject_entity": "time_entry",
        "subject_key": "TE-1",
        "evidence": {"hours": "8", "bill_rate": "95"},
        "amount": "760.00",
        "currency": "EUR",
        "first_seen": NOW,
        "run_id": None,
    }
    operations, finance = Viewer("ops", frozenset({"operations"})), Viewer("fin", frozenset({"finance"}))
    assert [
        present.finding_rows([one], NOW, operations.clear)[0]["amount"]
        for one in (row, {**row, "subject_entity": "project"}, {**row, "subject_entity": "expense"})
    ] == [MASK, MASK, "€760.00"]
    [shown] = present.finding_rows([row], NOW, finance.clear)
    assert shown["amount"] == "€760.00" and "95" not in str(shown["evidence"])


@pytest.mark.req("G2", "O7")
def test_a_file_of_cases_holds_what_the_list_shows() -> None:
    case = dict.fromkeys(present.EXPORTED, "x") | {
        "suggestion": {"bill_rate": "95"},
        "run_ids": ["r"],
        "amounts": {"EUR": "1"},
        "fingerprint": "f",
    }
    [row] = present.exported([case], "EUR", Teams())
    assert set(row) == {*present.EXPORTED, "reporting_currency"} and not {"suggestion", "run_ids", "fingerprint"} & set(
        row
    )
