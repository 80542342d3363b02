"""Refusals: whose they are, what they are grouped by and how old they get."""

from __future__ import annotations

from decimal import Decimal

import pytest

from models.domain.finding import Cause, Finding
from models.journal.cases import CaseFilter
from tests.findings.books import entry, firm, found, given, mart
from tests.journals import clock, journal  # noqa: F401  fixtures
from tests.unit.cases.lakes import NOW, Lake, hours_ago

CAUSE = Cause("closed-period", "Period closed", "It is closed.", "Reopen it.", "netsuite", "billing_blocked", "medium")


@pytest.mark.finding("A1c", "C3")
def test_each_legal_entity_sees_its_own_findings(journal):  # noqa: F811
    """In 0.1.0 a cause met in two legal entities was one case: the first saw the other's money too, the second saw
    nothing.

    Wanted: each sees its own finding and no other.
    """

    def refused(key: str, entity: str, currency: str) -> Finding:
        return Finding(
            "dead-letter|closed-period|netsuite|time_entry",
            CAUSE,
            "time_entry",
            key,
            Decimal(100),
            currency,
            None,
            f"run-{key}",
            None,
            entity,
        )

    both = [refused("TE-1", "NOV-DE", "EUR"), refused("TE-2", "NOV-UK", "GBP")]
    journal.cases.report("dead_letter", both, {"EUR": Decimal(1), "GBP": Decimal("1.15")})
    seen = {}
    for entity in ("NOV-DE", "NOV-UK"):
        cases = journal.cases.page(CaseFilter(legal_entities=(entity,))).rows
        seen[entity] = (len(cases), sorted(currency for case in cases for currency in case["amounts"]))
    assert seen == {"NOV-DE": (1, ["EUR"]), "NOV-UK": (1, ["GBP"])}


@pytest.mark.finding("F11")
def test_each_closed_month_of_each_entity_is_a_case_of_its_own():
    """In 0.1.0 all refusals for a closed period were one case, so a replay after one month was reopened stopped at
    the next month's run.

    Wanted: one case for each month and legal entity.
    """
    lake = firm()
    for number, (month, entity) in enumerate(
        (("2026-07-10", "NOV-DE"), ("2026-08-10", "NOV-DE"), ("2026-08-10", "NOV-UK")), 1
    ):
        entry(lake, number, work_date=month, legal_entity=entity)
        lake.run(
            f"run-{number}",
            f"time_entry:TE-kantata-{number}",
            payload="{}",
            error_code="closed-period",
            error_field="tranDate",
            system="netsuite",
            legal_entity=entity,
        )
    closed = [finding.case_fingerprint for finding in found(lake) if finding.run_id]
    given(len(closed) == 3, "the three refusals were not found")
    assert len(set(closed)) == 3


@pytest.mark.finding("F12")
def test_a_failed_replay_does_not_make_a_failure_young_again():
    """In 0.1.0 a failure's age counted from its last try, so a failed replay made an old failure new.

    Wanted: from the first failure.
    """
    lake = Lake()
    lake.run("run-1", "time_entry:TE-1", "superseded", hours_ago(100))
    lake.record("settlement", hours_ago(100), run_id="run-1", lineage_id="run-1", flow="time-to-bill", status="dead")
    lake.run("run-2", "time_entry:TE-1", "dead", hours_ago(0.1), lineage_id="run-1", replay_of="run-1")
    assert mart(lake, "SELECT bucket, failures FROM mart_failure_age") == [{"bucket": "3–7 d", "failures": 1}]


@pytest.mark.finding("F14a")
def test_a_dead_run_is_not_pending():
    """In 0.1.0 a run dead for days was the "oldest pending" of its pair of systems.

    Wanted: what is dead is on its way nowhere.
    """
    lake = Lake()
    lake.record("source_event", hours_ago(50), run_id="run-1", flow="time-to-bill", system="kantata")
    lake.run("run-1", "time_entry:TE-1", "dead", hours_ago(50))
    lake.run("run-2", "time_entry:TE-2", "ready", NOW)
    lake.record("source_event", NOW, run_id="run-2", flow="time-to-bill", system="kantata")
    (pair,) = mart(lake, "SELECT oldest_pending_s FROM mart_pair_lag")
    assert pair["oldest_pending_s"] < 3600


@pytest.mark.finding("F14b")
def test_what_waits_for_one_target_is_not_pending_at_another():
    """In 0.1.0 the oldest pending of a flow and source stood beside every target, also where that run had been
    acknowledged.

    Wanted: it stands beside the target that it waits for.
    """
    lake = Lake()
    lake.run(
        "run-1",
        "project:PRJ-1",
        "ready",
        hours_ago(50),
        flow="quote-to-project",
        step_name="psa-project",
        system="kantata",
    )
    for kind, system in (("source_event", "salesforce"), ("acknowledgement", "netsuite")):
        lake.record(kind, hours_ago(50), run_id="run-1", flow="quote-to-project", system=system, entity="project")
    rows = mart(lake, "SELECT target_system, oldest_pending_s FROM mart_pair_lag WHERE target_system = 'netsuite'")
    assert [row["oldest_pending_s"] for row in rows] in ([None], [0]), "the ERP has long answered"


@pytest.mark.finding("F8d")
def test_a_credit_does_not_lower_what_a_case_says_is_at_stake():
    """In 0.1.0 a negative entry was subtracted from the money of its case, so that real work at stake showed as less.

    Wanted: 800.00 at stake are 800.00, whatever credits stand beside them.
    """
    lake = firm()
    for number, hours in ((1, "8.00"), (2, "-8.00")):
        entry(lake, number, hours=hours)
        lake.run(
            f"run-{number}",
            f"time_entry:TE-kantata-{number}",
            payload="{}",
            error_code="closed-period",
            error_field="tranDate",
            system="netsuite",
        )
    refused = [finding for finding in found(lake) if finding.run_id]
    given(len({finding.fingerprint for finding in refused}) == 1, "the two refusals are not one case")
    assert sum(finding.amount or 0 for finding in refused) == 800
