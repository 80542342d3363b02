"""The collector's HTTP port over all its receivers, without a socket and without a lake."""

from __future__ import annotations

from typing import Any

from collectors.credentials import Credentials
from collectors.doorkeeper import Doorkeeper
from collectors.exposure import telemetry_door, webhook_door
from collectors.gateway import Gateway
from collectors.pipeline.commits import Commits
from collectors.pipeline.hooks import Hooks
from collectors.pipeline.provenance import Provenance
from collectors.receivers import receivers
from collectors.receivers.contract import Host
from collectors.receivers.reply import Reply
from models.domain.clock import SystemClock
from models.door import Exposure
from models.senders import SenderBook
from models.settings import Settings
from tests.unit.collect.memory_lake import MemoryLake

KEY = bytes(32)
PROVENANCE = Provenance({"erp", "kantata", "a"}, SystemClock())


def gateway(pipeline: Any = None, inbox: Any = None) -> Gateway:
    """A gateway whose telemetry goes to `pipeline` and whose events go to `inbox`."""
    host = Host(Settings(max_body_mib=1), SystemClock(), "test", pipeline, Commits(MemoryLake), inbox, PROVENANCE, KEY)
    credentials = Credentials(SenderBook(host.settings), KEY, host.clock, required=False)
    doorkeeper = Doorkeeper(telemetry_door(host.settings), Exposure(None, False), credentials)
    return Gateway(receivers(), host, {"/healthz": lambda: Reply(200, b'{"ready":true}')}, doorkeeper)


def webhook_gateway(hooks: Hooks, inbox: Any, clock: Any) -> Gateway:
    """The port of webhooks, whose hints go to `inbox`; a body may have 64 KiB."""
    settings = Settings(webhook_hosts="hooks.acme.example")
    pipeline: Any = None
    host = Host(settings, clock, "test", pipeline, Commits(MemoryLake), inbox, PROVENANCE, KEY, hooks)
    credentials = Credentials(SenderBook(settings), KEY, clock, required=True)
    doorkeeper = Doorkeeper(webhook_door(settings), Exposure(None, True), credentials)
    return Gateway(receivers(), host, {}, doorkeeper, "webhooks", 64 << 10)
