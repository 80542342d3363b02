"""Whether the collector could open what the settings and the catalogue name: `python -m collectors.check`.

It opens nothing and asks nobody: doors with their certificates, secrets of webhooks and addresses of brokers are there
and hold together. Whatever does not is said, each with what to do, and the exit code is 2.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

from collectors.brokers.reach import reaches
from collectors.exposure import exposure, webhook_door
from collectors.pipeline.hooks import hooks_of
from models.catalogue import load_catalogue
from models.domain.errors import Misconfigured
from models.door import opened
from models.settings import read_settings


def faults() -> list[str]:
    """What is to be mended. Raises Misconfigured for settings or a catalogue that cannot be read."""
    settings = read_settings()
    catalogue = load_catalogue(settings)
    checks: list[Callable[[], object]] = [
        partial(exposure, settings),
        partial(hooks_of, catalogue.systems, os.environ),
        *(partial(reaches, broker, os.environ) for broker in catalogue.brokers),
    ]
    if any(system.webhook for system in catalogue.systems):
        checks.append(partial(opened, webhook_door(settings)))
    return [said for one in checks if (said := _fault(one))]


def _fault(check: Callable[[], object]) -> str | None:
    try:
        check()
    except Misconfigured as error:
        return str(error)
    return None


if __name__ == "__main__":
    try:
        found = faults()
    except Misconfigured as error:
        found = [str(error)]
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    sys.exit(2 if found else 0)
