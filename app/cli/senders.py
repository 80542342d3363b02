"""`tieout senders`: who may send telemetry from elsewhere; a token is shown once and kept as its hash."""

from __future__ import annotations

import logging
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

from app.cli.installation import installation, settings_here
from app.cli.output import Format, print_rows
from app.readings.viewer import owner_viewer
from models.action_log import action
from models.domain.clock import clock_at
from models.domain.record import Record, RecordKind
from models.domain.secrets import without_secrets
from models.journal.ports.desk import open_desk
from models.senders import SCOPES, SenderBook
from models.settings import Settings

_log = logging.getLogger(__name__)


def add(name: str, scopes: str) -> None:
    """Print the token of a new sender, once. `scopes` are joined by commas; none are all of them."""
    settings = settings_here()
    wanted = tuple(one.strip() for one in scopes.split(",") if one.strip()) or SCOPES
    by = owner_viewer(settings).actor
    print(SenderBook(settings).add(name, wanted, by, datetime.now(UTC)), flush=True)
    action(_log, logging.WARNING, "sender.added", sender=name, scopes=",".join(wanted), by=by)
    _keep(settings, "sender_added", name, by, scopes=list(wanted))


def revoke(name: str) -> None:
    """From now on the sender's token opens nothing."""
    settings = installation()
    by = owner_viewer(settings).actor
    SenderBook(settings).revoke(name, by, datetime.now(UTC))
    action(_log, logging.WARNING, "sender.revoked", sender=name, by=by)
    _keep(settings, "sender_revoked", name, by)


def show(form: Format) -> None:
    """Print every sender, the revoked too."""
    rows = [
        {
            "name": sender.name,
            "may_send": ", ".join(sender.scopes),
            "added_at": sender.added_at,
            "added_by": sender.added_by,
            "last_seen": sender.last_seen,
            "revoked_at": sender.revoked_at,
            "revoked_by": sender.revoked_by,
        }
        for sender in SenderBook(installation()).all()
    ]
    print_rows(rows, form, "no senders: `tieout senders add NAME`")


def _keep(settings: Settings, done: str, name: str, by: str, **more: object) -> None:
    """Hand the audit lake what was done, by way of the journal's feed; where that cannot be, say so on standard error.

    It is done either way: a token must be revocable while the journal is away, and the senders' file has who and when.
    """
    if settings.journal_url is None and not (settings.home / "journal.sqlite").exists():
        return _not_kept("there is no journal yet")
    body = {"action": done, "about": name, **more}
    try:
        with closing(open_desk(settings.journal_address, clock_at(settings.world_clock))) as desk:
            kept = Record(RecordKind.OPERATOR_ACTION, desk.clock.now(), status=done, actor=by, body=body)
            desk.note([replace(kept, entity="sender", business_key=f"sender:{name}")])
    except Exception as error:  # noqa: BLE001  the sender is changed, whatever the journal says
        _log.info("the journal took no record of a sender", exc_info=error)
        _not_kept(f"the journal does not answer ({(str(error).splitlines() or [type(error).__name__])[0][:200]})")
    return None


def _not_kept(why: str) -> None:
    print(without_secrets(f"done, but not recorded in the audit lake: {why}"), file=sys.stderr)
