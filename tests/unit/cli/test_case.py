"""`tieout case` and the filters of `tieout cases`: the rules, rights, names and audit of the pages (O8, X8, X9, G1)."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from app.console.exceptions.triage import told
from app.readings.cases import reading
from app.readings.cases.question import CaseQuestion, Status
from app.readings.cases.triaging import Triaged
from app.readings.stores import Stores
from app.readings.viewer import owner_viewer
from models.domain.finding import Finding
from models.domain.fingerprint import case_id_of, id_of
from models.domain.record import RecordKind
from models.journal import Journal
from models.journal.cases import CaseFilter
from models.settings import read_settings
from tests.unit.cases.test_cases import CASE, MISSING, PRINT, RATES, entry
from tests.unit.cli.test_commands import installed

ACTS = {
    "acknowledge": (),
    "assign": ("--to", "mara@acme.com"),
    "comment": ("--text", "asked the PSA team"),
    "snooze": ("--for", "4h", "--reason", "closes on Friday"),
    "ignore": ("--reason", "agreed with finance"),
}
BECOMES = {"acknowledge": "acknowledged", "snooze": "snoozed", "ignore": "ignored"}


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """A home with one case of two entries, whose console has the development user `mara`."""
    for name in [name for name in os.environ if name.startswith("TIEOUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TIEOUT_HOME", str(tmp_path))
    monkeypatch.setenv("TIEOUT_DEV_ROLES", "operations,finance")
    monkeypatch.setenv("TIEOUT_DEV_USER", "mara")
    made = installed(tmp_path)
    made.cases.report("orphaned_project", [entry(1), entry(2, "50.10")], RATES)
    yield made
    made.close()


def run(*words: str, **settings: str) -> Any:
    return CliRunner().invoke(cli, list(words), env=settings)


def answer(*words: str) -> Any:
    done = run(*words, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def history(journal: Journal) -> list[tuple[str, str, dict[str, Any]]]:
    return [(one["action"], one["actor"], one["body"]) for one in journal.cases.events(CASE)]


@pytest.mark.req("X9", "O8")
@pytest.mark.parametrize("verb", ACTS)
def test_a_verb_does_what_the_pages_button_does_in_the_owners_name(journal: Journal, tmp_path: Path, verb: str) -> None:
    """X9: its state, its history and the audit lake's record name who did it, from where, and why."""
    owner = f"cli:{pwd.getpwuid(tmp_path.stat().st_uid).pw_name}"
    (told_,) = answer("case", verb, CASE, *ACTS[verb])
    case = journal.cases.get(CASE)
    assert case is not None and told_["changed"] is True and told_["status"] == case["status"]
    assert case["status"] == BECOMES.get(verb, "open")
    done, actor, body = history(journal)[0]
    assert (actor, set(body.values()) & {*ACTS[verb]}) == (owner, {*ACTS[verb][1::2]} - {"4h"}), (done, body)
    (record,) = [one for page in journal.feed.read(0) for one in page.records if one.kind is RecordKind.OPERATOR_ACTION]
    assert (record.status, record.actor, record.legal_entity) == (done, owner, "NOV-DE")


@pytest.mark.req("X9")
def test_what_one_takes_in_a_terminal_lies_on_ones_desk_in_the_console(journal: Journal) -> None:
    """`Mine` on the page asks for its viewer's name; where nobody signs in that is the development user."""
    answer("case", "assign", CASE)
    assert journal.cases.get(CASE)["assignee"] == "mara"  # type: ignore[index]
    assert [one["case_id"] for one in answer("cases", "--mine")] == [CASE]
    answer("case", "assign", CASE, "--nobody", "--reason", "on leave")
    assert journal.cases.get(CASE)["assignee"] is None  # type: ignore[index]
    answer("case", "acknowledge", CASE)
    assert journal.cases.get(CASE)["assignee"] == "mara"  # type: ignore[index]


@pytest.mark.req("G1")
@pytest.mark.parametrize("verb", ACTS)
def test_roles_bind_a_verb_as_they_bind_the_button(journal: Journal, verb: str) -> None:
    """Finance may triage and not ignore, an auditor neither; the refusal says who may."""
    before = history(journal)
    refused = run("case", verb, CASE, *ACTS[verb], TIEOUT_DEV_ROLES="auditor")
    assert refused.exit_code == 2 and "It needs operations" in refused.stderr and history(journal) == before
    assert run("case", verb, CASE, *ACTS[verb], TIEOUT_DEV_ROLES="finance").exit_code == (2 if verb == "ignore" else 0)


@pytest.mark.req("O8")
@pytest.mark.parametrize(
    "words, says",
    [
        (("acknowledge", CASE, "nope"), "there is no case nope: `tieout cases` lists them"),
        (("snooze", CASE, "--reason", "r"), "either --for 4h or --until"),
        (("snooze", CASE, "--reason", "r", "--for", "4 fortnights"), "give one as 30m, 4h, 3d or 1w"),
        (("snooze", CASE, "--reason", "r", "--until", "2020-01-01"), "a moment in the future"),
        (("snooze", CASE, "--reason", " ", "--for", "1d"), "say why this case can wait"),
        (("ignore", CASE, "--reason", ""), "say why this case is accepted"),
        (("ignore", CASE), "--reason"),
        (("comment", CASE, "--text", " "), "a comment needs words"),
        (("assign", CASE, "--to", "mara", "--nobody"), "either --to or --nobody"),
        (("assign", CASE, "--to", " "), "say to whom"),
        (("show", "nope"), "there is no case nope"),
    ],
)
def test_what_is_asked_wrongly_is_status_2_says_what_to_do_and_does_nothing(
    journal: Journal, words: tuple[str, ...], says: str
) -> None:
    before = history(journal)
    done = run("case", *words, COLUMNS="300")
    assert done.exit_code == 2 and says in done.stderr, done.output
    assert history(journal) == before


@pytest.mark.req("X9")
def test_a_case_that_was_left_alone_is_bad_news_with_its_why(journal: Journal) -> None:
    """Exit 1; the others are done."""
    journal.cases.report("late", [replace(entry(3), fingerprint="late|psa|x")])
    late = case_id_of("late|psa|x", "NOV-DE")
    answer("case", "ignore", CASE, "--reason", "agreed")
    done = run("case", "snooze", CASE, late, "--for", "1w", "--reason", "r", "--format", "json")
    assert done.exit_code == 1
    assert [(one["changed"], one["why_not"]) for one in json.loads(done.stdout)] == [
        (False, "ignored: reopen it first"),
        (True, None),
    ]
    assert answer("case", "reopen", CASE)[0]["status"] == "open"


@pytest.mark.req("X8", "O8")
def test_a_case_is_shown_whole_as_words_as_an_object_and_its_records_as_a_file(journal: Journal) -> None:
    answer("case", "comment", CASE, "--text", "asked the PSA team")
    shown = answer("case", "show", CASE, "--limit", "1")
    assert (shown["case_id"], shown["amount_reporting"], shown["records_in_all"]) == (CASE, "150.10", 2)
    assert [one["subject_key"] for one in shown["records"]] == ["TE-kantata-1"]
    assert shown["history"][0]["action"] == "commented"
    words = run("case", "show", CASE, "--limit", "1", "--page", "2", COLUMNS="200")
    assert all(part in words.stdout for part in (MISSING.title, "Next: create it", "TE-kantata-2", "commented"))
    assert "records 2 to 2 of 2" in words.stderr and "TE-kantata-1" not in words.stdout
    assert run("case", "show", CASE, "--format", "csv").stdout.count("TE-kantata") == 2


@pytest.mark.req("G2")
def test_a_record_of_a_shown_case_is_masked_by_role(journal: Journal) -> None:
    """The amount of one person's entry tells a rate; the case's sum does not."""
    masked = json.loads(run("case", "show", CASE, "--format", "json", TIEOUT_DEV_ROLES="operations").stdout)
    assert masked["amount_reporting"] == "150.10" and "100.00" not in json.dumps(masked["records"])
    assert "100.00" in json.dumps(answer("case", "show", CASE)["records"])


def several(journal: Journal) -> dict[str, str]:
    """Cases of two causes, companies, months, owners and kinds of money; their ids by a short name."""

    def found(text: str, firm: str, amount: str, period: str, **cause: Any) -> Finding:
        one = replace(entry(7, amount), fingerprint=text, cause=replace(MISSING, **cause), legal_entity=firm)
        return replace(one, subject_key=f"TE-{text}-{firm}", period=period)

    made = [
        found("a", "NOV-DE", "10.00", "2026-08", cause="late", owner="psa", money_kind="revenue_at_risk"),
        found("a", "NOV-UK", "20.00", "2026-08", cause="late", owner="psa", money_kind="revenue_at_risk"),
        found("b", "NOV-UK", "9000.00", "2026-07", cause="closed-period", owner="erp"),
    ]
    journal.cases.report("several", made, RATES)
    return {f"{one.fingerprint} {one.legal_entity}": id_of(one.case_fingerprint) for one in made}


@pytest.mark.req("O8", "X8")
def test_cases_are_narrowed_by_cause_owner_company_month_money_and_state(journal: Journal) -> None:
    """The reading that the command asks; one command line of all of it is below."""
    ids = several(journal)
    named = {**{value: key for key, value in ids.items()}, CASE: "missing"}
    answer("case", "ignore", ids["b NOV-UK"], "--reason", "agreed")
    settings = read_settings()
    with closing(Stores(settings)) as stores:

        def listed(**asked: Any) -> set[str]:
            question = CaseQuestion(**asked)
            found = {named[one.case_id] for one in reading.listed(stores, owner_viewer(settings), question)}
            assert len(found) == reading.counted(stores, owner_viewer(settings), question)
            return found

        assert listed() == {"a NOV-DE", "a NOV-UK", "b NOV-UK", "missing"}
        assert listed(cause=("late",)) == {"a NOV-DE", "a NOV-UK"}
        assert listed(cause=("late",), legal_entity=("NOV-UK",)) == {"a NOV-UK"}
        assert listed(owner=("psa",)) == {"a NOV-DE", "a NOV-UK"}
        assert listed(period=("2026-07",)) == {"b NOV-UK"}
        assert listed(period=("2026-07", "2026-08")) == {"a NOV-DE", "a NOV-UK", "b NOV-UK"}
        assert listed(money_kind=("revenue_at_risk",)) == {"a NOV-DE", "a NOV-UK"}
        assert listed(at_least=Decimal("150.10")) == {"b NOV-UK", "missing"}
        assert listed(at_least=Decimal("150.101")) == {"b NOV-UK"}
        assert listed(find="PRJ-1012", severity=("low",)) == {"a NOV-DE", "a NOV-UK", "missing"}
        assert listed(status=Status.ignored) == {"b NOV-UK"}
        assert listed(status=Status.open, at_least=Decimal(9000)) == set()


@pytest.mark.req("X8")
def test_a_month_whose_records_are_mended_is_no_month_of_an_open_case(journal: Journal) -> None:
    """A missing project is one case of all its months: of July no longer, once July's record arrived."""
    july, august = (replace(entry(n, text=PRINT), period=f"2026-0{n}") for n in (7, 8))

    def of_july(*status: str) -> int:
        return journal.cases.page(CaseFilter(status or None, periods=("2026-07",))).total

    journal.cases.report("orphaned_project", [july, august])
    assert of_july() == 1
    journal.cases.report("orphaned_project", [august])
    assert of_july() == 0
    journal.cases.report("orphaned_project", [])
    assert (of_july(), of_july("resolved")) == (0, 1)


@pytest.mark.req("O8")
def test_a_list_says_how_much_of_it_is_shown_and_the_way_on(journal: Journal) -> None:
    several(journal)
    filters = ("--period", "2026-07", "--period", "2026-08", "--at-least", "1,000.00", "--legal-entity", "NOV-UK")
    (narrowed,) = answer("cases", *filters, "--status", "open", "--order", "due")
    assert narrowed["amount_reporting"] == "9000.00"
    first = run("cases", "--limit", "3", "--format", "json")
    assert "1 to 3 of 4, next: --page 2" in first.stderr and len(json.loads(first.stdout)) == 3
    last = run("cases", "--limit", "3", "--page", "2", "--format", "json")
    assert "4 to 4 of 4" in last.stderr and "next" not in last.stderr and len(json.loads(last.stdout)) == 1
    beyond = run("cases", "--limit", "3", "--page", "9")
    assert "the last page is --page 2" in beyond.stderr and "nothing is stuck" not in beyond.output


@pytest.mark.req("O8")
@pytest.mark.parametrize("words, says", [(("--period", "July"), "2026-10"), (("--at-least", "much"), "no amount")])
def test_a_filter_that_cannot_be_read_is_wrong_use(journal: Journal, words: tuple[str, ...], says: str) -> None:
    done = run("cases", *words, COLUMNS="200")
    assert done.exit_code == 2 and says in done.stderr


def test_a_page_says_what_an_action_left_alone() -> None:
    one = Triaged("a", "t", True, "snoozed", None, datetime(2026, 9, 1, tzinfo=UTC), None)
    other = replace(one, case_id="b", changed=False, status="resolved", why_not="resolved: nothing is left to do")
    assert told("Snooze", [one, other, other]) == (
        "Snooze: 1 case; 2 cases left alone: resolved: nothing is left to do"
    )
    assert told("Snooze", [other]).startswith("Snooze: nothing changed; 1 case left alone")
