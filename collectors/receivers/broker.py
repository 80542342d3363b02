"""Events from the queues of message brokers, as the catalogue's `brokers.toml` names them (E11, S6)."""

from __future__ import annotations

import os

from collectors.receivers.contract import Host, Receiver, Work
from models.catalogue import load_catalogue


def _taking(host: Host) -> Work | None:
    brokers = [one for one in load_catalogue(host.settings).brokers if one.queue]
    if not brokers:
        return None
    from collectors.brokers.reach import reaches  # only now: who has no broker pays nothing
    from collectors.brokers.roads import Roads
    from collectors.brokers.taking import Taking

    return Roads("in", {one.name: Taking(one, reaches(one, os.environ), host.inbox, host.clock) for one in brokers})


RECEIVER = Receiver("brokers", "events by message brokers", work=_taking)
