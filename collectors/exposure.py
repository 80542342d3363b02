"""The doors of the collector, as their settings describe them."""

from __future__ import annotations

from models.door import Door, Exposure, opened
from models.senders import SenderBook
from models.settings import Settings


def telemetry_door(settings: Settings) -> Door:
    """The port of telemetry and observations."""
    return Door(
        "TIEOUT_OTLP",
        settings.otlp_host,
        settings.otlp_port,
        settings.otlp_cert,
        settings.otlp_key,
        settings.otlp_client_ca,
        settings.otlp_proxy,
        settings.otlp_hosts,
        settings.otlp_origins,
    )


def webhook_door(settings: Settings) -> Door:
    """The port of webhooks, whose senders are known by what they show with each delivery."""
    return Door(
        "TIEOUT_WEBHOOK",
        settings.webhook_host,
        settings.webhook_port,
        settings.webhook_cert,
        settings.webhook_key,
        None,
        settings.webhook_proxy,
        settings.webhook_hosts,
    )


def exposure(settings: Settings) -> Exposure:
    """What the settings make of the door of telemetry. Raises Misconfigured, in a sentence that says what to do."""
    door = telemetry_door(settings)
    known = door.client_ca is not None or SenderBook(settings).any
    senders = "senders (`tieout senders add NAME`, or client certificates with TIEOUT_OTLP_CLIENT_CA)"
    return opened(door, [] if known else [senders])
