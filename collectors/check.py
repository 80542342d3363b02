"""Whether the collector could open what the settings and the catalogue name: `python -m collectors.check`.

It opens nothing and asks nobody: doors with their certificates, secrets of webhooks and addresses of brokers are there
and hold together. The first that does not is said, with what to do, and the exit code is 2.
"""

from __future__ import annotations

import os
import sys

from collectors.brokers.reach import reaches
from collectors.exposure import exposure, webhook_door
from collectors.pipeline.hooks import hooks_of
from models.catalogue import load_catalogue
from models.domain.errors import Misconfigured
from models.door import opened
from models.settings import read_settings


def check() -> None:
    """Raises Misconfigured."""
    settings = read_settings()
    exposure(settings)
    catalogue = load_catalogue(settings)
    if hooks_of(catalogue.systems, os.environ):
        opened(webhook_door(settings))
    for broker in catalogue.brokers:
        reaches(broker, os.environ)


if __name__ == "__main__":
    try:
        check()
    except Misconfigured as error:
        print(error, file=sys.stderr)
        sys.exit(2)
