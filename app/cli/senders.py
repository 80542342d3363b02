"""`tieout senders`: who may send telemetry from elsewhere; a token is shown once and kept as its hash."""

from __future__ import annotations

import getpass
import logging
from datetime import UTC, datetime

from app.cli.installation import installation, settings_here
from app.cli.output import Format, print_rows
from models.action_log import action
from models.senders import SCOPES, SenderBook

_log = logging.getLogger(__name__)


def add(name: str, scopes: str) -> None:
    """Print the token of a new sender, once. `scopes` are joined by commas; none are all of them."""
    wanted = tuple(one.strip() for one in scopes.split(",") if one.strip()) or SCOPES
    token = SenderBook(settings_here()).add(name, wanted, getpass.getuser(), datetime.now(UTC))
    action(_log, logging.WARNING, "sender.added", sender=name, scopes=",".join(wanted), by=getpass.getuser())
    print(token)


def revoke(name: str) -> None:
    """From now on the sender's token opens nothing."""
    SenderBook(installation()).revoke(name, datetime.now(UTC))
    action(_log, logging.WARNING, "sender.revoked", sender=name, by=getpass.getuser())


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
        }
        for sender in SenderBook(installation()).all()
    ]
    print_rows(rows, form, "no senders: `tieout senders add NAME`")
