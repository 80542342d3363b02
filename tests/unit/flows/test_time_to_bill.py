"""F5, E1: approved work reaches the ERP once in effect, whatever order and however often it is told."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from integrations.contracts import Change, Role
from models.domain.errors import OutcomeUnknown, Rejected, TieoutError
from tests.unit.flows import examples
from tests.unit.flows.harness import FLOWS, SYSTEMS, Firm


@pytest.fixture
def firm() -> Firm:
    made = Firm(FLOWS)
    made.links |= {("kantata", "project", "kantata-1"): "PRJ-1001", ("kantata", "resource", "kantata-u1"): "E-1007"}
    made.hear(examples.customer(), examples.person(), examples.sale())
    made.links[("kantata", "project", "kantata-1")] = "PRJ-1001"
    assert {trail.state for trail in made.trails} == {"settled"}
    made.writes.clear()
    return made


def standing(firm: Firm) -> dict[str, Decimal]:
    """Hours (or money) in the ERP by entry, net of reversals."""
    net: dict[str, Decimal] = {}
    for external, change in [*firm.held(Role.ERP, "time_entry").items(), *firm.held(Role.ERP, "expense").items()]:
        item = external.split("-v")[0]
        body = change.body
        size = Decimal(body["hours"] if change.entity == "time_entry" else body["amount"]["amount"])
        net[item] = net.get(item, Decimal(0)) + (-size if change.action == "reverse" else size)
    return net


@pytest.mark.req("F5")
def test_an_approved_entry_is_posted_priced_and_acknowledged(firm: Firm) -> None:
    [trail] = firm.hear(examples.hours(bill_rate=None))
    post, told = firm.writes[0][1], firm.writes[1][1]
    assert trail.state == "settled"
    assert (post.action, post.external_id) == ("post", "TE-kantata-27-v1")
    assert post.body["bill_rate"]["amount"] == "150.00" and post.body["cost_rate"]["amount"] == "62.50"
    assert (post.amount, post.currency) == (Decimal("1125.00"), "EUR")
    assert (firm.writes[1][0], told.action, told.body["status"], told.body["posting_id"]) == (
        "kantata",
        "annotate",
        "successful",
        "TE-kantata-27-v1",
    )


@pytest.mark.req("F5", "E1")
def test_a_correction_reverses_what_stands_and_posts_the_new_version(firm: Firm) -> None:
    firm.hear(examples.hours(), examples.hours(version=2, verb="corrected", hours="5.00"))
    assert [change.external_id for system, change in firm.writes if system == "netsuite"] == [
        "TE-kantata-27-v1",
        "TE-kantata-27-v1-R",
        "TE-kantata-27-v2",
    ]
    assert firm.writes[2][1].body["hours"] == "7.50"
    assert standing(firm) == {"TE-kantata-27": Decimal("5.00")}


@pytest.mark.req("F5", "E1")
def test_a_withdrawn_entry_is_reversed_and_an_older_version_after_it_does_nothing(firm: Firm) -> None:
    firm.hear(
        examples.hours(),
        examples.hours(version=3, verb="reversed"),
        examples.hours(version=2, verb="corrected", hours="5.00"),
    )
    assert standing(firm) == {"TE-kantata-27": Decimal("0.00")}
    assert firm.trails[-1].said["erp-post"].because == "a newer version of this entry was taken up already"


@pytest.mark.req("F5")
def test_a_withdrawal_before_its_approval_keeps_the_late_approval_out(firm: Firm) -> None:
    firm.hear(examples.hours(version=2, verb="reversed", project="nowhere"), examples.hours(version=1))
    assert standing(firm) == {} and {trail.state for trail in firm.trails} == {"settled"}


@pytest.mark.req("E1", "E4")
def test_replaying_from_the_start_after_success_writes_nothing(firm: Firm) -> None:
    [trail] = firm.hear(examples.hours())
    firm.writes.clear()
    assert firm.replay(trail).state == "settled"
    assert firm.writes == []


@pytest.mark.req("E4", "F5")
def test_a_corrected_replay_of_a_posted_entry_reverses_and_posts_again(firm: Firm) -> None:
    [trail] = firm.hear(examples.hours())
    firm.replay(trail, {"hours": "6.00"})
    assert standing(firm) == {"TE-kantata-27": Decimal("6.00")}


@pytest.mark.req("F5")
def test_a_change_that_does_not_touch_the_posting_posts_nothing(firm: Firm) -> None:
    firm.hear(examples.hours(), examples.hours(version=2, verb="corrected", notes="with the steering group"))
    assert list(firm.held(Role.ERP, "time_entry")) == ["TE-kantata-27-v1"]


@pytest.mark.req("F5")
def test_an_expense_is_posted_at_its_amount_and_reversed(firm: Firm) -> None:
    firm.hear(examples.expense(), examples.expense(version=2, verb="corrected", amount=examples.money("98.90")))
    assert standing(firm) == {"EX-kantata-9": Decimal("98.90")}
    firm.hear(examples.expense(version=3, verb="reversed"))
    assert standing(firm) == {"EX-kantata-9": Decimal("0.00")}


@pytest.mark.req("F5", "X2")
@pytest.mark.parametrize(
    ("changes", "prepare", "code", "field"),
    [
        ({"charge_code": "PRJ-1001.999"}, None, "charge-code-unknown", "charge_code"),
        ({"charge_code": None}, None, "charge-code-missing", "charge_code"),
        ({}, examples.charge_code(version=2, active=False), "charge-code-inactive", "charge_code"),
        (
            {"charge_code": "PRJ-2002.010"},
            examples.charge_code("PRJ-2002.010"),
            "charge-code-of-other-project",
            "charge_code",
        ),
        ({"legal_entity_id": "NOV-UK"}, None, "charge-code-of-other-entity", "charge_code"),
    ],
)
def test_an_invalid_charge_code_is_refused_and_the_psa_is_told_why(
    firm: Firm, changes: dict, prepare: object, code: str, field: str
) -> None:
    if prepare:
        firm.hear(prepare)
    firm.writes.clear()
    [trail] = firm.hear(examples.hours(**changes))
    assert trail.state == "dead" and isinstance(trail.error, Rejected)
    assert (trail.error.code, trail.error.field) == (code, field)
    [(system, told)] = firm.writes
    assert (system, told.action, told.body["status"], told.external_id) == (
        "kantata",
        "annotate",
        "failed",
        "TE-kantata-27",
    )
    assert str(trail.error) in told.body["message"]


@pytest.mark.req("F5", "X4")
def test_work_without_any_rate_is_refused_naming_the_rate(firm: Firm) -> None:
    firm.hear(examples.person(version=2, role="Astronaut"))
    [trail] = firm.hear(examples.hours(bill_rate=None))
    assert (trail.error.code, trail.error.field) == ("rate-missing", "bill_rate")
    firm.facts[("resource", "E-1007")] = {"role": "Consultant"}
    [trail] = firm.hear(examples.hours("28"))
    assert (trail.error.code, trail.error.field) == ("rate-missing", "cost_rate")


@pytest.mark.req("N4")
@pytest.mark.parametrize(("hours", "day"), [("26.50", None), ("-2.00", None), ("0.00", None), ("8.00", "2036-11-16")])
def test_odd_quantities_are_followed_and_an_impossible_day_is_named(firm: Firm, hours: str, day: str | None) -> None:
    """N4: a correction of less than nothing, nothing, and a task of more than a day are the firm's own business and
    posted as they stand; a day that lies years ahead is refused by its name.
    """
    firm.writes.clear()
    [trail] = firm.hear(examples.hours(hours=hours, **({"work_date": day} if day else {})))
    if day:
        assert (trail.error.code, trail.error.field) == ("date-far-ahead", "work_date")
    else:
        posted = [Decimal(change.body["hours"]) for _, change in firm.writes if change.action == "post"]
        assert trail.state == "settled" and posted == [Decimal(hours)]


@pytest.mark.req("E5")
def test_work_on_a_project_that_is_on_its_way_waits_and_goes_on(firm: Firm) -> None:
    [trail] = firm.hear(examples.hours(project="kantata-77"))
    assert (trail.state, trail.waits.what, trail.waits.missing) == (
        "waiting",
        "project:kantata:kantata-77",
        ["project"],
    )
    firm.links[("kantata", "project", "kantata-77")] = "PRJ-1001"
    firm.wake()
    assert trail.state == "settled" and standing(firm) == {"TE-kantata-27": Decimal("7.50")}


@pytest.mark.req("E5")
def test_work_waits_for_a_project_that_the_erp_lacks(firm: Firm) -> None:
    link = next(key for key, value in firm.links.items() if key[:2] == ("netsuite", "project"))
    del firm.links[link]
    [trail] = firm.hear(examples.hours())
    assert (trail.state, trail.waits.what, trail.waits.owner) == ("waiting", "project:PRJ-1001", Role.ERP)
    firm.links[link] = "PRJ-1001"
    firm.wake()
    assert trail.state == "settled"


@pytest.mark.req("E5", "F5")
@pytest.mark.parametrize(("verb", "posted"), [("corrected", {"TE-kantata-27": Decimal("5.00")}), ("reversed", {})])
def test_work_that_changes_while_it_waits_for_the_erp_has_nothing_to_confirm(
    firm: Firm, verb: str, posted: dict[str, Decimal]
) -> None:
    link = next(key for key, value in firm.links.items() if key[:2] == ("netsuite", "project"))
    del firm.links[link]
    firm.hear(examples.hours())
    firm.trails.pop()  # the engine lets the waiting run itself go on with the newer version
    [trail] = firm.hear(examples.hours(version=2, verb=verb, hours="5.00"))
    assert firm.writes == [] and trail.state == ("waiting" if posted else "settled")
    firm.links[link] = "PRJ-1001"
    firm.wake()
    assert trail.state == "settled" and standing(firm) == posted


@pytest.mark.req("F5", "E1")
def test_an_attempt_that_was_overtaken_refuses_to_post_twice(firm: Firm) -> None:
    firm.refuse = lambda system, change: Rejected("closed", code="closed-period") if change.action == "post" else None
    [trail] = firm.hear(examples.hours())
    firm.refuse = lambda system, change: None
    firm.replay(trail, {"hours": "6.00"})
    again = firm.replay(trail, start=False)
    assert (again.state, again.error.code) == ("dead", "posting-moved-on")
    assert standing(firm) == {"TE-kantata-27": Decimal("6.00")}


@pytest.mark.req("E1", "F5")
def test_a_posting_in_doubt_is_confirmed_before_it_is_reversed(firm: Firm) -> None:
    firm.refuse = lambda system, change: OutcomeUnknown("no answer", change.key) if change.action == "post" else None
    [lost] = firm.hear(examples.hours())
    assert lost.state == "dead" and standing(firm) == {}
    firm.refuse = lambda system, change: None
    firm.writes.clear()
    firm.hear(examples.hours(version=2, verb="reversed"))
    assert [(change.action, change.external_id) for system, change in firm.writes if system == "netsuite"] == [
        ("post", "TE-kantata-27-v1"),
        ("reverse", "TE-kantata-27-v1-R"),
    ]
    assert standing(firm) == {"TE-kantata-27": Decimal("0.00")}


@pytest.mark.req("F5")
def test_a_posting_that_was_refused_for_good_is_not_in_doubt(firm: Firm) -> None:
    firm.refuse = lambda system, change: Rejected("closed", code="closed-period") if change.action == "post" else None
    firm.hear(examples.hours())
    firm.refuse = lambda system, change: None
    firm.writes.clear()
    firm.hear(examples.hours(version=2, verb="reversed"))
    assert firm.writes == []


def refusing(code: str) -> Callable[[str, Change], TieoutError | None]:
    return lambda system, change: (
        Rejected("no", code=code) if system == "netsuite" and change.entity == "time_entry" else None
    )


@pytest.mark.req("F5", "E1", "S5")
@pytest.mark.parametrize("psa", ["kantata", "csv", "other-psa", None])
def test_a_corrected_version_of_a_refused_entry_is_posted_once_whoever_could_be_told(
    firm: Firm, psa: str | None
) -> None:
    del firm.systems[Role.PSA]
    if psa:
        firm.systems[Role.PSA] = psa
        firm.targets.setdefault(psa, {})
    firm.refuse = refusing("closed-period")
    [refused] = firm.hear(examples.hours())
    firm.refuse = lambda system, change: None
    firm.writes.clear()
    [corrected] = firm.hear(examples.hours(version=2, verb="corrected", hours="6.00"))
    assert (refused.state, corrected.state) == ("dead", "settled")
    assert [(change.action, change.body["hours"]) for system, change in firm.writes if system == "netsuite"] == [
        ("post", "6.00")
    ]
    assert standing(firm) == {"TE-kantata-27": Decimal("6.00")}


@pytest.mark.req("F5", "E1")
def test_a_posting_in_doubt_stays_so_when_its_confirmation_is_refused(firm: Firm) -> None:
    """A closed period refuses a posting whether an earlier attempt reached the ERP or not: that proves nothing."""
    firm.refuse = lambda system, change: OutcomeUnknown("no answer", change.key) if change.action == "post" else None
    firm.hear(examples.hours())
    firm.refuse = refusing("closed-period")
    [second] = firm.hear(examples.hours(version=2, verb="corrected", hours="6.00"))
    assert second.flow.steps[second.step].name == "erp-confirm" and second.state == "dead"
    firm.refuse = lambda system, change: None
    firm.writes.clear()
    assert firm.replay(second).state == "settled"
    assert [(change.action, change.body["hours"]) for system, change in firm.writes if system == "netsuite"] == [
        ("post", "7.50"),
        ("reverse", "7.50"),
        ("post", "6.00"),
    ]
    assert standing(firm) == {"TE-kantata-27": Decimal("6.00")}


@pytest.mark.req("F5", "E1")
def test_a_refused_second_try_does_not_hide_that_the_first_may_stand(firm: Firm) -> None:
    """Posted with its answer lost, posted again unchanged and refused, then withdrawn: what stands is reversed."""

    def lost_after_it_was_written(system: str, change: Change) -> TieoutError | None:
        if change.action != "post":
            return None
        firm.targets[system][change.external_id] = {"system_id": change.external_id, "change": change}
        return OutcomeUnknown("no answer", change.key)

    firm.refuse = lost_after_it_was_written
    firm.hear(examples.hours())
    firm.refuse = refusing("closed-period")
    firm.hear(examples.hours(version=2))
    firm.refuse = lambda system, change: None
    [withdrawn] = firm.hear(examples.hours(version=3, verb="reversed"))
    assert withdrawn.state == "settled"
    assert "TE-kantata-27-v1-R" in firm.held(Role.ERP, "time_entry")


@pytest.mark.req("F5", "E1")
def test_an_overtaken_attempt_teaches_nothing_about_what_stands(firm: Firm) -> None:
    firm.refuse = refusing("closed-period")
    [trail] = firm.hear(examples.hours())
    firm.refuse = lambda system, change: None
    firm.replay(trail, {"hours": "6.00"})
    assert firm.replay(trail, start=False).error.code == "posting-moved-on"
    firm.hear(examples.hours(version=2, verb="corrected", hours="5.00"))
    assert list(firm.held(Role.ERP, "time_entry")) == ["TE-kantata-27-v1", "TE-kantata-27-v1-R", "TE-kantata-27-v2"]
    assert standing(firm) == {"TE-kantata-27": Decimal("5.00")}


@pytest.mark.req("F5")
def test_a_psa_that_cannot_be_reached_does_not_undo_the_posting(firm: Firm) -> None:
    firm.refuse = lambda system, change: Rejected("gone", code="user-error") if change.action == "annotate" else None
    [trail] = firm.hear(examples.hours())
    assert trail.state == "dead" and standing(firm) == {"TE-kantata-27": Decimal("7.50")}
    assert firm.facts[("posting", "TE-kantata-27")]["standing"]["posting_id"] == "TE-kantata-27-v1"


@pytest.mark.req("S4")
def test_an_installation_without_hcm_and_psa_posts_without_cost() -> None:
    firm = Firm(
        FLOWS, {role: name for role, name in SYSTEMS.items() if role in (Role.ERP, Role.PSA)} | {Role.PSA: "csv"}
    )
    csv = {
        "ref": examples.ref("project", "PC2", "csv"),
        "code": "PC2",
        "name": "Two",
        "currency": "GBP",
        "customer_ref": None,
    }
    firm.hear(examples.event("tieout.project.changed", "project:PC2", csv, 1, "csv"))
    firm.hear(
        examples.person("58", system="csv", cost_rate=None),
        examples.charge_code("PC2.PBC42", system="csv", project_code="PC2", legal_entity_id=None),
    )
    entry = examples.hours("1735", charge_code="PC2.PBC42")
    data = {
        **entry.data,
        "ref": examples.ref("time_entry", "1735", "csv"),
        "project_ref": examples.ref("project", "PC2", "csv"),
        "resource_ref": examples.ref("resource", "58", "csv"),
    }
    [trail] = firm.hear(entry.model_copy(update={"data": data, "source": "tieout/csv"}))
    assert trail.state == "settled", trail.error or trail.waits
    assert standing(firm) == {"TE-csv-1735": Decimal("7.50")}


@pytest.mark.req("F5")
def test_every_look_up_of_the_hot_path_is_declared_so_that_a_page_is_fetched_at_once(firm: Firm) -> None:
    firm.undeclared.clear()
    firm.hear(
        examples.hours(bill_rate=None),
        examples.hours(version=2, verb="corrected", hours="1.00"),
        examples.hours(version=3, verb="reversed"),
        examples.expense(),
    )
    assert firm.undeclared == []


@pytest.mark.req("S5")
def test_a_psa_that_does_not_know_the_entry_is_sent_nothing(firm: Firm) -> None:
    firm.systems[Role.PSA] = "other-psa"
    firm.targets["other-psa"] = {}
    [posted, refused] = firm.hear(examples.hours(), examples.hours("28", charge_code="PRJ-1001.999"))
    assert (posted.state, refused.state) == ("settled", "dead")
    assert [system for system, change in firm.writes] == ["netsuite"]
