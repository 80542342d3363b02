"""Who a command is: the home's owner, with the rights of their roles and under one name (G1, X9)."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from app.readings.rights import Action
from app.readings.viewer import ANYWHERE, Viewer
from tests.commands import tieout
from tests.unit.cli.test_commands import installed

FLOW = "time-to-bill"
ACTS = {
    ("replay", "x"): Action.REPLAY,
    ("replay", "x", "--preview"): Action.PREVIEW,
    ("cancel", "x", "--reason", "r"): Action.REPLAY,
    ("stop", "x", "--reason", "r"): Action.REPLAY,
    ("pause", FLOW, "--reason", "r"): Action.REPLAY,
    ("resume", FLOW, "--reason", "r"): Action.REPLAY,
}


@pytest.mark.req("G1")
@pytest.mark.parametrize("words", ACTS)
def test_a_command_is_refused_as_the_page_disables_its_button(tmp_path: Path, words: tuple[str, ...]) -> None:
    """G1: status 2 and the button's own sentence, and no request is kept."""
    journal = installed(tmp_path)
    done = tieout(tmp_path, *words, TIEOUT_DEV_ROLES="auditor")
    sentence = Viewer("anybody", frozenset({"auditor"}), mode="command line").why_not(ACTS[words], ANYWHERE)
    assert sentence and done.returncode == 2
    assert " ".join(done.stderr.split()) == sentence
    assert journal.requests.recent() == []


@pytest.mark.req("G1")
def test_a_command_is_refused_outside_the_domain_of_a_role(tmp_path: Path) -> None:
    """G1: with the grant that would do; inside it the request is kept."""
    journal, words = installed(tmp_path), ("pause", FLOW, "--reason", "r", "--wait", "0")
    done = tieout(tmp_path, *words, TIEOUT_DEV_ROLES="operations.people")
    assert done.returncode == 2 and journal.requests.recent() == []
    told = " ".join(done.stderr.split())
    assert f"in the domain people alone, and outside it is {FLOW} (finance)" in told and "operations.finance" in told
    tieout(tmp_path, *words, TIEOUT_DEV_ROLES="operations.finance")
    assert [one.kind for one in journal.requests.recent()] == ["pause_flow"]


@pytest.mark.req("G1", "X9")
def test_a_request_is_in_the_owners_name_and_says_that_it_came_from_a_terminal(tmp_path: Path) -> None:
    """Not in that of whoever the environment says is logged in: readings and their audit know the owner alone."""
    journal, owner = installed(tmp_path), pwd.getpwuid(tmp_path.stat().st_uid).pw_name
    done = tieout(
        tmp_path, "pause", FLOW, "--reason", "r", "--wait", "0", TIEOUT_DEV_ROLES="operations", LOGNAME="somebody-else"
    )
    assert done.returncode == 1 and "is the engine running?" in " ".join(done.stderr.split())
    (kept,) = journal.requests.recent()
    assert kept.actor == f"cli:{owner}"


def test_a_person_on_a_page_acts_under_their_own_name() -> None:
    assert Viewer("mara@acme.com", frozenset({"operations"})).actor == "mara@acme.com"
    assert Viewer("mara", frozenset({"operations"}), mode="command line").actor == "cli:mara"
