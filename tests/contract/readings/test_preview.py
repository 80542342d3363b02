"""A preview on the command line is the page's: the same runs, the same money, the same masks (E4, G2, O8)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from app.console.exceptions import dry_run
from app.readings.cases import reading as cases
from app.readings.replays import reading as replays
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import MASK
from models.domain.clock import set_world_clock
from models.journal import open_journal
from tests.browser.console.engine import RequestDesk
from tests.browser.console.seed import NOW, Frozen, Seeded, seed

OPERATIONS, FINANCE = "operations", "operations,finance"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """A seeded firm, and somebody who answers its requests as the engine would."""
    place = tmp_path_factory.mktemp("home")
    made = seed(place)
    set_world_clock(place / "clock.json", NOW)
    os.utime(place / "clock.json", (0, 0))
    journal = open_journal(made.settings.journal_address, Frozen())
    desk = RequestDesk(journal, made.findings)
    desk.start()
    yield made
    desk.stop()
    journal.close()


def previewed(seeded: Seeded, case_id: str, roles: str) -> Any:
    home = seeded.settings.home
    known = {"TIEOUT_HOME": str(home), "TIEOUT_WORLD_CLOCK": str(home / "clock.json"), "TIEOUT_DEV_ROLES": roles}
    done = CliRunner().invoke(cli, ["replay", "--case", case_id, "--preview"], env=known)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


@pytest.mark.req("E4", "G2", "O8")
@pytest.mark.parametrize("roles", [OPERATIONS, FINANCE])
def test_the_command_prints_what_the_page_draws(seeded: Seeded, roles: str) -> None:
    """G2: neither shows a rate, and a sum over one record only to who may know it."""
    stores, viewer = Stores(seeded.settings), Viewer("mara", frozenset(roles.split(",")))
    try:
        run = seeded.code_runs[0]
        of_run = next(
            case for case in cases.page(stores, viewer).rows if run in stores.journal.cases.run_ids(case.case_id)
        )
        printed = previewed(seeded, of_run.case_id, roles)
        request = next(one for one in stores.journal.requests.recent(5) if one.kind == "preview")
        page = replays.previewed(stores, viewer, request, [of_run])
    finally:
        stores.close()
    assert printed["plan_hash"] == page.preview.plan_hash and printed["count"] == page.preview.count > 0
    assert printed["totals"] == {currency: str(amount) for currency, amount in page.preview.totals.items()}
    assert printed["stake"]["rest"] == {currency: str(amount) for currency, amount in page.stake.rest.items()}
    fields = {one["field"]: one["wanted"] for one in printed["runs"][0]["steps"][0]["fields"]}
    assert fields["custcol_cost_rate"] == MASK and fields["hours"] == "6:00"
    assert str(printed["count"]) in dry_run.in_words(page.preview)
