"""What an alert says: money by kind, nothing that tells a rate, and no text of others that anything obeys (X10, G2)."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest

from models.ailing import Ailing
from models.alerting.inert import inert, plain
from models.alerting.wording import SHOWN
from models.domain.alert import Alert
from models.domain.audience import Audience
from models.journal import Journal
from models.journal.cases import CaseFilter
from tests.alerting import RATES, WORDS, found

pytestmark = pytest.mark.req("X10")
HOSTILE = "<b>*bold*</b> [pay](https://evil.example) @everyone `x` |y| ~z~ <!channel> & _em_ \\ #1 www.evil.example"
TURNING = "abc\u202egpj.exe\u2066\u200b\x1b[31m\x07\r\nSubject: x\u2028"
BERLIN = Audience("finance", ("hook",), zone=ZoneInfo("Europe/Berlin"))


def told(journal: Journal) -> Alert:
    """What is said of all cases at once."""
    opened = journal.cases.openings(CaseFilter())
    return WORDS.of_cases(BERLIN, opened, journal.alerts.cases(opened[:SHOWN]))


def test_text_of_others_is_obeyed_by_nothing() -> None:
    shown = inert(HOSTILE)
    assert not set("<>*[]`|~@&\\#") & set(shown) and "://" not in shown and "www." not in shown
    assert " _em_ " not in shown and inert("PRJ_1017 time_entry 12.5") == "PRJ_1017 time_entry 12.5"
    assert unicodedata.normalize("NFKC", shown) == HOSTILE, "it can still be read"
    for text in (plain(TURNING), inert(TURNING)):
        assert all(unicodedata.category(sign)[0] != "C" and sign != "\u2028" for sign in text)
    assert plain("a" * 500).endswith("…") and len(plain("a" * 500)) == 200


def test_names_and_keys_of_a_case_are_inert_and_words_of_detectors_are_left_out(journal: Journal) -> None:
    """A labour rate could stand in a title or in what a detector saw: neither has a way out."""
    one = found("project-missing", HOSTILE + TURNING, evidence={"labour_rate": "137.42"})
    cause = replace(one.cause, title="137.42 an hour", explanation="137.42", next_action="pay 137.42")
    journal.cases.report("d", [replace(one, cause=cause)], RATES)
    alert = told(journal)
    assert "137.42" not in alert.title + alert.text + orjson.dumps(alert.data).decode()
    assert "<b>" not in alert.text and "\u202e" not in str(alert.data) and "evil.example" in alert.text


def test_money_stands_by_kind_and_a_cost_not_at_all(journal: Journal) -> None:
    journal.cases.report(
        "d",
        [
            found("project-missing", "A", "1000"),
            found("project-missing", "B", "200"),
            found("over-cap", "C", "30", "revenue_at_risk"),
            found("rate-missing", "D", "777.77", "cost_misposted"),
        ],
        RATES,
    )
    alert = told(journal)
    assert alert.data["money"] == [
        {"kind": "billing_blocked", "amount": "1200.00", "currency": "EUR"},
        {"kind": "revenue_at_risk", "amount": "30.00", "currency": "EUR"},
    ]
    assert "777.77" not in alert.text + orjson.dumps(alert.data).decode() and "1,230" not in alert.text
    assert alert.title == "4 cases: 3 causes" and alert.text.count("https://tieout.acme.example/exceptions?case=") == 4


def test_of_many_cases_the_gravest_are_named_and_the_others_counted(journal: Journal) -> None:
    journal.cases.report("d", [found("project-missing", f"P-{n}", str(n)) for n in range(1, 26)], RATES)
    alert = told(journal)
    assert len(alert.data["cases"]) == 10 and alert.data["count"] == 25
    assert alert.text.endswith("and 15 more: https://tieout.acme.example/exceptions")
    assert alert.data["money"][0]["amount"] == "325.00", "money is that of all"


def test_times_are_in_the_zone_of_the_audience(journal: Journal) -> None:
    dead = Ailing("engine", None, "the engine is not running", "nothing is read", datetime(2026, 7, 1, 6, tzinfo=UTC),
                  "<b>why</b>", "`tieout up` starts it")  # fmt: skip
    text = WORDS.of_pulse(BERLIN, [dead]).text
    assert text.startswith("the engine is not running since 2026-07-01 08:00 CEST (＜b＞why＜/b＞): nothing is read;")
    journal.cases.report("d", [found("project-missing", "A")], RATES)
    [row] = journal.cases.page().rows
    due = row["sla_due"].astimezone(ZoneInfo("Europe/Berlin"))
    assert f"until {due:%Y-%m-%d %H:%M %Z};" in told(journal).text
    assert told(journal).data["cases"][0]["due_at"] == row["sla_due"].isoformat()
    assert row["sla_due"].utcoffset() == timedelta(0)
