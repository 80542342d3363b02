"""Causes, cases, previews and progress in words."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from app.console.exceptions import case_presenter, dry_run, narrowing, preview_panel, replay_panel, stake
from app.console.exceptions import presenter as present
from app.console.exceptions.dialogs import selection_key
from app.console.exceptions.outcome import outcome
from app.readings.cases.rows import Case, CaseFinding
from app.readings.masking import MASKED, masked_rows
from app.readings.payload import ABSENT
from app.readings.replays import reading as replays
from app.readings.replays.preview import Preview, preview_of
from app.readings.replays.progress import progress_of
from app.readings.replays.selection import Selection
from app.readings.replays.stake import Hanging, Stake, stake_of
from app.readings.scope import within
from app.readings.viewer import Viewer
from models.canonical.classification import MASK
from models.domain.team import Teams
from models.journal.cases import CaseGroup
from models.journal.requests import Request
from tests.catalogues import packaged
from tests.unit.readings.case_rows import NOW, case, event

OPEN: frozenset[str] = frozenset()


def group(cause: str, occurrences: int, money: int, severity: str = "high") -> CaseGroup:
    kind = "sold_not_set_up" if cause == "set-up" else "billing_blocked"
    begun = NOW - timedelta(days=2)
    return CaseGroup(cause, cause, 2, occurrences, Decimal(money), severity, begun, NOW, kind, ("erp", "hcm", "erp"))


@pytest.mark.req("X8")
def test_what_is_stuck_is_told_by_its_causes() -> None:
    """X8: 2,140 records are stuck for 2 causes."""
    groups = [group("a", 2000, 90_000), group("b", 140, 38_400)]
    assert present.verdict(groups, "EUR") == ("warn", "2,140 records are stuck for 2 causes: billing blocked €128k.")
    assert present.verdict([], "EUR") == ("good", "Nothing is stuck.")
    assert present.verdict([group("a", 1, 0, "critical")], "EUR") == ("bad", "1 record is stuck for 1 cause.")
    assert [round(row["share"]) for row in present.cause_rows(groups, NOW, "EUR", Teams())] == [70, 30]
    assert present.cause_rows(groups, NOW, "EUR", Teams())[0]["owner"] == "erp team, hcm team"


@pytest.mark.finding("F8a", "U2a")
@pytest.mark.req("X19")
def test_money_of_two_kinds_is_never_added() -> None:
    groups = [group("a", 2000, 90_000), group("set-up", 3, 517_000)]
    said = present.verdict(groups, "EUR")[1]
    assert said == "2,003 records are stuck for 2 causes: billing blocked €90.0k · sold and not set up €517k."
    assert [row["share"] for row in present.cause_rows(groups, NOW, "EUR", Teams())] == [100, 100], (
        "each of its own kind"
    )


@pytest.mark.req("X8", "X19")
def test_a_resolved_case_says_what_was_recovered() -> None:
    closed = case(status="resolved", amount_reporting=Decimal(0), amounts={}, worth_reporting=Decimal("184200.00"))
    (row,) = present.case_rows([closed], NOW, "EUR", Teams())
    assert (row["money"], row["kind"]) == ("€184,200.00", "recovered")
    shown = case_presenter.figures(closed, NOW, "EUR", Teams())[0]
    assert (shown.label, shown.value, shown.mood) == ("Recovered", "€184,200.00", "")


@pytest.mark.req("G1")
@pytest.mark.parametrize(
    ("chosen", "scope"), [([], ("NOV-DE",)), (["NOV-UK"], ("NOV-DE",)), (["NOV-DE", "NOV-UK"], ("NOV-DE",))]
)
def test_a_filter_is_never_wider_than_the_viewers_legal_entities(chosen: list[str], scope: tuple[str, ...]) -> None:
    """G1: an address with another entity shows nothing of it."""
    viewer = Viewer("li", frozenset({"finance"}), ("NOV-DE",))
    assert within(viewer, narrowing.chosen(viewer, {"entity": chosen})).legal_entities == scope


def test_filters_say_what_the_widgets_say() -> None:
    viewer = Viewer("li", frozenset({"operations"}))
    where = narrowing.chosen(
        viewer, {"status": "Snoozed", "mine": True, "find": " PRJ ", "cause": ["x"], "overdue": True}
    )
    assert (where.status, where.assignees, where.text, where.causes, where.overdue) == (
        ("snoozed",),
        ("li",),
        "PRJ",
        ("x",),
        True,
    )
    assert narrowing.chosen(viewer, {}).status is None


def test_a_cause_in_an_address_is_a_code_or_a_title() -> None:
    known = ["charge-code-unknown", "paused"]
    assert narrowing.titles(["paused", "Unknown charge code"], known) == [
        "Paused for missing data",
        "Unknown charge code",
    ]
    assert narrowing.causes(["Paused for missing data"], known) == narrowing.causes(["paused"], known) == ("paused",)
    assert narrowing.causes([], known) == () and narrowing.causes(["nonsense"], known) == ("nonsense",)


def test_service_levels_count_down_and_then_up() -> None:
    late = case(sla_due=NOW + timedelta(hours=7))
    assert present.due(late, NOW) == "7 h left"
    assert present.due(replace(late, sla_due=NOW - timedelta(days=2)), NOW) == "2 d over"
    assert present.due(replace(late, status="resolved"), NOW) == "–"


@pytest.mark.req("E4")
def test_no_two_selections_share_a_dialog() -> None:
    """E4: not those that begin with the same cases, nor cases whose ids begin alike."""
    many = [f"{at:06x}{at:010x}" for at in range(12)]
    keys = {
        selection_key(ids)
        for ids in (many, many[:-1], [*many[:-1], "f" * 16], ["abcdef" + "1" * 10], ["abcdef" + "2" * 10])
    }
    assert len(keys) == 5
    assert selection_key(many) == selection_key(many[::-1])


ANSWER: dict[str, Any] = {
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
PREVIEW = preview_of(ANSWER, OPEN)


def answered(**answer: Any) -> Preview:
    return preview_of({"totals": {}, **answer}, OPEN)


@pytest.mark.req("E4")
def test_a_preview_says_what_would_fail_and_shows_changes_first() -> None:
    assert (
        dry_run.in_words(PREVIEW)
        == "3 runs would be replayed, worth £120.00; 1 run would fail again; 1 run would wait for data."
    )
    assert dry_run.hazards(PREVIEW) == ["Closed period: refused again (2 runs)"]
    fields = dry_run.fields(PREVIEW.runs[2].steps[0])
    assert [(field.path, field.before, field.after) for field in fields] == [
        ("rate", ABSENT, MASK),
        ("hours", "8:00", "8:00"),
    ]


def test_a_hazard_is_not_called_harmless() -> None:
    calm = {"runs": ANSWER["runs"][2:], "count": 1}
    assert dry_run.in_words(answered(**calm)) == "1 run would be replayed; none is expected to fail."
    assert dry_run.in_words(answered(**calm, hazards=ANSWER["hazards"])).endswith("mind the hazards.")


UNASKED: dict[str, Any] = {
    "run_id": "r4",
    "business_key": "time_entry:4",
    "steps": [
        {"step": "post", "system": None, "outcome": "fails", "error": "503", "error_code": "transient", "fields": []}
    ],
}


@pytest.mark.req("E4")
def test_a_system_that_could_not_be_asked_is_told_apart_from_one_that_refuses() -> None:
    """E4: a passing fault of the dry run says nothing of the replay; the step's system is known from the other runs."""
    both, alone = answered(runs=[*ANSWER["runs"], UNASKED], count=4), answered(runs=[UNASKED], count=1)
    assert dry_run.in_words(both) == (
        "4 runs would be replayed; 1 run could not be checked now; 1 run would fail again; 1 run would wait for data."
    )
    assert dry_run.in_words(alone) == "1 run would be replayed; 1 run could not be checked now."
    assert dry_run.unasked_note(both) == "Could not ask netsuite now: preview again. Last answer: 503"
    assert dry_run.unasked_note(PREVIEW) is None
    [unasked] = alone.runs
    title = dry_run.step_title(unasked.steps[0], both.systems)
    assert "could not ask netsuite now: preview again" in title and "Fails" not in title
    assert [run.run_id for run in both.ranked] == ["r1", "r4", "r3", "r2"], "what needs a look comes first"
    assert dry_run.run_title(unasked) == "time_entry:4 · could not be checked"


def held_by(
    entity: str, records: int, amount: str, chosen: bool = False, has_run: bool = True, currency: str = "EUR"
) -> Hanging:
    return Hanging("c", entity, currency, chosen, has_run, records, Decimal(amount), "c-1", f"c-{records}")


def fits(totals: dict[str, str], *rows: Hanging, masked: frozenset[str] = OPEN) -> Stake:
    return stake_of(totals, rows, masked)


MISSING = case(cause="project-missing", money_kind="billing_blocked", amount_reporting=Decimal(184200))


@pytest.mark.req("X8", "E4")
def test_the_preview_says_why_its_money_is_not_the_cases() -> None:
    """X8, E4: what no run carries, and what lies outside the selection, is named with its money."""
    entries, stones = held_by("time_entry", 214, "146200", chosen=True), held_by("milestone", 2, "38000", has_run=False)
    whole = fits({"EUR": "146200.00"}, entries, stones, held_by("project", 1, "0", has_run=False))
    assert stake.beside(whole, 214, [MISSING]) == (
        "€146,200.00 in these 214 runs; the case’s other €38,000.00 are 2 milestones without a run of their own, "
        "which become billable once the project is there again."
    )
    part = fits(
        {"EUR": "700.00"},
        held_by("time_entry", 1, "700", chosen=True),
        held_by("time_entry", 213, "145500"),
        held_by("milestone", 1, "19000", has_run=False),
    )
    assert stake.beside(part, 1, [MISSING, replace(MISSING, cause="rate-missing")]) == (
        "€700.00 in this run; the cases’ other €164,500.00 are 213 time entries outside this selection "
        "and 1 milestone without a run of its own, which becomes billable once their causes are mended."
    )
    several = fits({}, *(held_by("expense", 1, "1", has_run=False, currency=one) for one in ("EUR", "GBP", "USD")))
    assert "other €1.00, £1.00 and $1.00 are 3 expenses" in str(stake.beside(several, 0, [MISSING]))


def test_a_preview_of_all_the_money_says_no_more() -> None:
    assert stake.beside(fits({"EUR": "10.00"}, held_by("time_entry", 1, "10", chosen=True)), 1, [MISSING]) is None
    valued_again = fits({}, held_by("expense", 3, "10", chosen=True, currency="GBP"))
    assert (
        stake.beside(valued_again, 3, [MISSING])
        == "no money in these 3 runs, for whose records the case counts £10.00, their value in the systems now."
    )


@pytest.mark.req("G2", "E4")
def test_masked_sums_are_written_as_their_mask() -> None:
    """G2: neither where a sum is over one, nor where it follows from what the case counts."""
    entries, stone = held_by("time_entry", 214, "146200", chosen=True), held_by("milestone", 1, "38000", has_run=False)
    hidden = fits({"EUR": "146200.00"}, entries, stone, masked=frozenset({"EUR"}))
    assert stake.beside(hidden, 214, [MISSING]) == (
        f"{MASK} in these 214 runs; the case’s other {MASK} is 1 milestone without a run of its own, "
        "which becomes billable once the project is there again."
    )
    preview = preview_of({**ANSWER, "totals": {"EUR": "146200.00", "GBP": "9.00"}}, frozenset({"EUR"}))
    assert dry_run.in_words(preview).startswith(f"3 runs would be replayed, worth {MASK}, £9.00;")


@pytest.mark.req("G2", "E4")
@pytest.mark.parametrize(("role", "told"), [("operations", False), ("finance", True)])
def test_the_panel_masks_by_the_viewers_roles(monkeypatch: pytest.MonkeyPatch, role: str, told: bool) -> None:
    drawn: list[str] = []
    hanging = (held_by("time_entry", 1, "700", chosen=True), held_by("milestone", 1, "38000", has_run=False))
    monkeypatch.setattr(preview_panel, "draw", drawn.append)
    run = SimpleNamespace(
        run_id="r", legal_entity="DE", amount="9", currency="EUR", business_key="time_entry:1", state="dead"
    )
    held = SimpleNamespace(journal=SimpleNamespace(runs=SimpleNamespace(replayable=lambda _ids: [run])))
    monkeypatch.setattr(preview_panel, "read_now", lambda viewer, reading, *asked: reading(held, viewer, *asked))
    monkeypatch.setattr(replays, "rows", lambda *_, **__: hanging)
    answer = {"runs": [], "count": 1, "totals": {"EUR": "700.00"}}
    seen = Request("q", "preview", {"run_ids": ["r"]}, "done", answer, "mara", None, None, None, NOW, NOW, NOW, 1)
    preview_panel.preview_panel(Viewer("mara", frozenset({role})), seen, [MISSING])
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
        replay_panel,
        "journal",
        lambda: SimpleNamespace(requests=SimpleNamespace(recent=lambda _, case: made[case], get=lambda _: None)),
    )
    memory: dict[str, str] = {}
    monkeypatch.setattr(replay_panel.st, "session_state", memory)
    found = replay_panel._running("case_c", "c")
    assert found is not None and found.request_id == "new" and memory == {"replay_case_c": "new"}
    assert replay_panel._running("case_d", "d") is None and replay_panel._running("some", None) is None


def ago(action: str, minutes: int, actor: str = "detector", **body: Any) -> Any:
    return event(action, NOW - timedelta(minutes=minutes), actor, **body)


@pytest.mark.req("X8", "X9")
def test_a_closed_case_says_what_resolved_it() -> None:
    """X8, X9: instead of an action that nobody needs any more."""
    closed = case(explanation="It was so.", next_action="Replay.", status="resolved", resolved_at=NOW)
    events = [
        ago("commented", 1, "li", text="fine"),
        ago("resolved", 5, occurrences=0),
        ago("replay_requested", 7, "mara", reason="set up again"),
        ago("opened", 90),
    ]
    told = case_presenter.resolution(closed, events)
    assert "What resolved it" in told and "Replay." not in told
    assert "since 20 Nov 09:55. mara replayed it at 20 Nov 09:53: “set up again”." in told
    assert " ago" not in told, "this part stands still: an age in it would soon be wrong"
    earlier = [
        ago("resolved", 5, occurrences=0),
        ago("reopened", 60, occurrences=3),
        ago("replay_requested", 70, "mara"),
        ago("opened", 90),
    ]
    assert "No replay was asked for from this case" in case_presenter.resolution(closed, earlier), (
        "a replay before it came back did not mend it"
    )


def test_the_figures_of_a_closed_case_ask_for_nothing() -> None:
    late = {"sla_due": NOW - timedelta(days=1), "flow": "f"}
    closed = case(amount_reporting=Decimal(0), amounts={}, status="resolved", occurrences=0, **late)
    notes = [str(metric.note) for metric in case_presenter.figures(closed, NOW, "EUR", Teams())]
    assert notes[:2] == ["billing blocked", "none is left"] and notes[3] == "resolved: no clock runs"
    still = case(**late)
    assert case_presenter.figures(still, NOW, "EUR", Teams())[0].note == "billing blocked", (
        "the same money is not said twice"
    )
    foreign = replace(still, amounts={"GBP": Decimal("4.00")})
    assert case_presenter.figures(foreign, NOW, "EUR", Teams())[0].note == "£4.00"


def test_the_list_names_teams() -> None:
    assert (
        present.case_rows([case(owner="netsuite")], NOW, "EUR", packaged().teams.playing({"netsuite": "erp"}))[0][
            "owner"
        ]
        == "ERP team"
    )


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
    far = progress_of({"run_ids": list(range(32))}, result)
    assert outcome(state, far)[0] == mood
    assert part in outcome(state, far)[1]
    assert 0 <= far.share <= 1


@pytest.mark.req("G2", "X8")
def test_a_record_of_a_case_shows_its_amount_to_cleared_roles() -> None:
    row = {
        "subject_entity": "time_entry",
        "subject_key": "time_entry:TE-1",
        "evidence": {"hours": "8"},
        "amount": Decimal("760.00"),
        "currency": "EUR",
        "first_seen": NOW,
        "run_id": None,
    }
    rows = [row, {**row, "subject_entity": "project"}, {**row, "subject_entity": "expense"}]
    operations, finance = Viewer("ops", frozenset({"operations"})), Viewer("fin", frozenset({"finance"}))

    def shown(viewer: Viewer) -> list[object]:
        found = masked_rows(CaseFinding, rows, viewer.clear)
        return [one["amount"] for one in case_presenter.finding_rows(found, NOW)]

    assert shown(operations) == [MASK, MASK, "€760.00"]
    assert shown(finance) == ["€760.00"] * 3
    assert masked_rows(CaseFinding, rows, operations.clear)[0].amount is MASKED


def test_evidence_reads_as_names_and_values() -> None:
    shown = case_presenter.evidence({"charge_code": "X", "bill_rate": {"amount": MASK, "currency": MASK}, "none": None})
    assert shown.count(MASK) == 1 and "X" in shown and "none" not in shown


@pytest.mark.req("G2", "O7")
def test_a_file_of_cases_holds_what_the_list_shows() -> None:
    [row] = present.exported([case(suggestion={"bill_rate": "95"})], "EUR", Teams())
    assert set(row) == {*present.EXPORTED, "reporting_currency"}
    assert not {"suggestion", "fingerprint", "amounts", "trace_ids"} & set(row)
    assert set(present.EXPORTED) < {field.name for field in fields(Case)}


@pytest.mark.finding("U11a")
@pytest.mark.req("E4")
def test_a_replay_of_many_runs_asks_for_a_reason_and_waits_for_its_preview() -> None:
    many, few = Selection(tuple(f"r-{n}" for n in range(215))), Selection(("r-1",))
    made = SimpleNamespace(ended=False, state="running")
    assert "Say why" in str(replay_panel._not_yet(many, None, " "))
    assert replay_panel._not_yet(many, None, "the project is there again") is None
    assert replay_panel._not_yet(few, None, "") is None
    assert "preview is being made" in str(replay_panel._not_yet(few, made, "now"))  # type: ignore[arg-type]
