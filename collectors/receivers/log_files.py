"""Log files of the catalogue's `logs.toml`, followed through rotation, truncation and compression (C2)."""

from __future__ import annotations

from collectors.pipeline.identity import writer_name
from collectors.receivers.contract import Host, Receiver
from collectors.tailing.following import Following
from models.catalogue import load_catalogue


def _following(host: Host) -> Following:
    settings = host.settings
    return Following(
        load_catalogue(settings).logs,
        settings.home / "log-files" / "places.json",
        host.commits,
        writer_name(settings, "logs"),
        host.clock,
        settings.commit_seconds,
    )


RECEIVER = Receiver("log-files", "records of log files", work=_following)
