"""`tieout senders`: who is let in and who no more is in the audit lake with who did it, and never a token (G1, G3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from click.testing import Result

from app.readings.viewer import owner_viewer
from models.domain.record import Record
from models.senders import SenderBook
from models.settings import Settings
from tests.unit.cli.test_alerts import tieout  # noqa: F401
from tests.unit.cli.test_commands import installed

pytestmark = pytest.mark.req("G1", "G3")
AWAY = "postgresql://tieout:hunter2secret@127.0.0.1:1/tieout"


def recorded(home: Path) -> list[Record]:
    with closing(installed(home)) as journal:
        return [one for page in journal.feed.read(0) for one in page.records if one.entity == "sender"]


def test_who_lets_a_sender_in_and_shuts_it_out_is_recorded(
    tmp_path: Path,
    tieout: Callable[..., Result],  # noqa: F811
) -> None:
    installed(tmp_path).close()
    added = tieout(tmp_path, "senders", "add", "ipaas", "--scopes", "traces,logs")
    token, owner = added.stdout.strip(), owner_viewer(Settings(home=tmp_path)).actor
    revoked = tieout(tmp_path, "senders", "revoke", "ipaas")
    assert (added.exit_code, revoked.exit_code) == (0, 0) and not any(
        "not recorded" in one.stderr for one in (added, revoked)
    )
    granted, taken = recorded(tmp_path)
    assert granted.body == {"action": "sender_added", "about": "ipaas", "scopes": ["traces", "logs"]}
    assert (granted.kind, granted.status, granted.business_key) == ("operator_action", "sender_added", "sender:ipaas")
    assert (taken.status, taken.business_key) == ("sender_revoked", "sender:ipaas")
    assert owner.startswith("cli:") and {granted.actor, taken.actor} == {owner}
    (held,) = SenderBook(Settings(home=tmp_path)).all()
    told = json.dumps([asdict(granted), asdict(taken)], default=str)
    assert len(token) > 40 and token not in told and held.digest not in told
    (row,) = json.loads(tieout(tmp_path, "senders", "list", "--format", "json").stdout)
    assert (row["added_by"], row["revoked_by"]) == (owner, owner) and row["revoked_at"]
    wrong = tieout(tmp_path, "senders", "revoke", "ipaas")
    assert wrong.exit_code != 0 and len(recorded(tmp_path)) == 2, "nothing happened, so nothing is recorded"


@pytest.mark.parametrize(
    ("given", "why"),
    [({}, "there is no journal yet"), ({"TIEOUT_JOURNAL_URL": AWAY}, "the journal does not answer")],
    ids=["before the first start", "while it is away"],
)
def test_without_the_journal_it_is_done_all_the_same_and_said_to_be_unrecorded(
    tmp_path: Path,
    tieout: Callable[..., Result],  # noqa: F811
    given: dict[str, str],
    why: str,
) -> None:
    added = tieout(tmp_path, "senders", "add", "ipaas", **given)
    book = SenderBook(Settings(home=tmp_path))
    assert added.exit_code == 0 and book.of(added.stdout.strip()), "the token alone, for a script to keep"
    revoked = tieout(tmp_path, "senders", "revoke", "ipaas", **given)
    assert revoked.exit_code == 0 and book.of(added.stdout.strip()) is None and book.all()[0].revoked_by
    for answer in (added, revoked):
        assert f"not recorded in the audit lake: {why}" in answer.stderr and "hunter2secret" not in answer.stderr


def test_senders_of_an_earlier_release_are_read(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "senders.json"
    file.parent.mkdir()
    old = {
        "name": "ipaas",
        "digest": "d",
        "scopes": ["logs"],
        "added_at": "2026-11-20T10:00:00+00:00",
        "added_by": "ada",
    }
    file.write_text(json.dumps([{**old, "revoked_at": "2026-11-21T10:00:00+00:00", "last_seen": None}]))
    (held,) = SenderBook(Settings(home=tmp_path)).all()
    assert (held.revoked_at, held.revoked_by) == ("2026-11-21T10:00:00+00:00", None)
