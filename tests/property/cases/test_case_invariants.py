"""Whatever detectors report in whatever order, cases say exactly what is found, each subject once."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.case import SEVERITIES, severity
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint, id_of
from models.domain.plan import Plan
from models.journal.cases import CaseFilter
from models.journal.cases.cases import Cases
from models.journal.metadata import metadata
from tests.unit.cases.conftest import HandClock, KeptFeed

EVERY = CaseFilter(status=("open", "acknowledged", "snoozed", "ignored", "resolved"))
RATES = {"EUR": Decimal(1), "GBP": Decimal("1.2")}
PRINTS = [fingerprint("project-missing", "erp", f"PRJ-{n}") for n in range(3)]


def finding(where: int, subject: int, cents: int, currency: str) -> Finding:
    cause = Cause("project-missing", "title", "why", "do", "erp", root=True)
    return Finding(PRINTS[where], cause, "time_entry", f"TE-{subject}", Decimal(cents).scaleb(-2), currency)


# A subject's money is its own: whichever detector finds it, it is the same amount.
found = st.builds(
    lambda where, subject: finding(where, subject, 100 + 37 * subject, "GBP" if subject % 2 else "EUR"),
    st.integers(0, 2),
    st.integers(0, 5),
)
reports = st.lists(st.tuples(st.sampled_from(["one", "two"]), st.lists(found, max_size=8)), min_size=1, max_size=8)


@pytest.mark.req("X8", "X11", "M4")
@settings(max_examples=40, deadline=None)
@given(reports)
def test_cases_are_the_sum_of_the_last_reports(history):
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    metadata.create_all(
        engine, tables=[metadata.tables[name] for name in ("case_", "finding", "report", "case_event", "fx_rate")]
    )
    clock, feed = HandClock(), KeptFeed()
    cases, last = Cases(engine, clock, feed), {}
    for detector, findings in history:
        clock.pass_by(minutes=1)
        cases.report(detector, findings, RATES)
        last[detector] = findings
    standing: dict[str, dict[str, Finding]] = {}
    for findings in last.values():
        for one in findings:
            standing.setdefault(id_of(one.case_fingerprint), {})[one.subject_key] = one
    rows = {row["case_id"]: row for row in cases.page(EVERY, limit=100).rows}
    assert {key for key, row in rows.items() if row["status"] == "open"} == set(standing)
    for key, row in rows.items():
        subjects = standing.get(key, {}).values()
        assert row["occurrences"] == len(subjects)
        for currency in RATES:
            assert row["amounts"].get(currency, 0) == sum(one.amount for one in subjects if one.currency == currency)
        actions = [event["action"] for event in reversed(cases.events(key))]
        assert actions == (["opened", "resolved"] + ["reopened", "resolved"] * 20)[: len(actions)], (
            "a history alternates"
        )
        assert len(
            [record for record in feed.records if record.body["case_id"] == key and record.status == "resolved"]
        ) == actions.count("resolved")


@settings(max_examples=200, deadline=None)
@given(
    st.decimals(0, 10**7, places=2),
    st.decimals(0, 10**7, places=2),
    st.integers(1, 5000),
    st.integers(1, 5000),
    st.sampled_from(SEVERITIES),
)
def test_severity_never_falls_when_money_count_floor_or_age_grow(one, other, few, more, floor):
    low, high = sorted((one, other))
    least, most = sorted((few, more))
    rank = SEVERITIES.index
    assert (
        rank(severity(low, least, floor))
        <= rank(severity(high, most, floor))
        <= rank(severity(high, most, floor, overdue=True))
    )
    assert rank(severity(low, least, floor)) >= rank(floor)


@pytest.mark.req("E4")
@given(st.lists(st.text(min_size=1, max_size=5), unique=True, min_size=1, max_size=300), st.integers(0, 5))
def test_waves_hold_every_run_once_roots_first_and_none_is_more_than_ten_times_the_one_before(ids, split):
    roots, others = ids[:split], ids[split:]
    waves = list(Plan(tuple(others), roots=tuple(roots)).waves())
    assert [run for wave in waves for run in wave.run_ids] == roots + others
    assert not roots or waves[0].run_ids == tuple(roots)
    grown = [len(wave.run_ids) for wave in waves[bool(roots) :]]
    assert all(after <= 10 * before for before, after in pairwise([1, *grown]))
