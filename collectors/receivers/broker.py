"""Events by message brokers, as the catalogue's `brokers.toml` names them: from their queues, and from the journal to
their exchanges (E11, E12, S6).
"""

from __future__ import annotations

import os
from typing import Any

from collectors.receivers.contract import Host, Receiver, Work
from models.catalogue import load_catalogue
from models.leased import Leased

_LEASE_SECONDS, _LEASE_RENEWED = 90.0, 20.0  # it outlasts a batch of messages that wait for their confirmation


def _taking(host: Host) -> Work | None:
    """What comes in. Raises Misconfigured where any broker cannot be reached by what the environment says."""
    brokers = load_catalogue(host.settings).brokers
    if not brokers:
        return None
    from collectors.brokers.reach import reaches  # only now: who has no broker pays nothing
    from collectors.brokers.roads import Roads
    from collectors.brokers.taking import Taking

    known = {one.name: reaches(one, os.environ) for one in brokers}
    return Roads("in", {one.name: Taking(one, known[one.name], host.inbox, host.clock) for one in brokers if one.queue})


def _sending(host: Host, journal: Any) -> Work | None:
    """What goes out: of a new broker what is admitted from now on, whether it can be reached or not."""
    brokers = [one for one in load_catalogue(host.settings).brokers if one.exchange]
    journal.outbox.only([one.name for one in brokers])
    if not brokers:
        return None
    for one in brokers:
        journal.outbox.begun(one.name)
    from collectors.brokers.reach import reaches
    from collectors.brokers.roads import Roads
    from collectors.brokers.sending import Sending

    def leased(name: str) -> Leased:
        return Leased(journal.leases, f"broker {name}", host.identity, _LEASE_SECONDS, _LEASE_RENEWED)

    return Roads(
        "out",
        {one.name: Sending(one, reaches(one, os.environ), journal.outbox, leased(one.name)) for one in brokers},
    )


RECEIVER = Receiver("brokers", "events by message brokers", work=_taking, journal_work=_sending)
