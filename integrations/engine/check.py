"""Asks each connected system whether it can be reached with its credentials: `python -m integrations.engine.check`, one
JSON row a system; with `--catalogue` only whether the catalogue can be run, which asks nobody.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from integrations.contracts.connector import Connector
from integrations.engine.systems import connected, installed
from models.domain.clock import clock_at
from models.domain.errors import Misconfigured, TieoutError
from models.settings import read_settings


def answers() -> list[dict[str, object]]:
    """Name, whether it holds, and a sentence, for each system. Raises Misconfigured for a faulty catalogue."""
    settings = read_settings()
    catalogue = installed(settings, os.environ)
    clock = clock_at(settings.world_clock if settings.world_clock and settings.world_clock.exists() else None)
    connectors = connected(catalogue, clock)
    with ThreadPoolExecutor(len(connectors) or 1) as pool:
        return list(pool.map(_answer, connectors.items()))


def _answer(system: tuple[str, Connector]) -> dict[str, object]:
    name, connector = system
    try:
        return {"system": name, "holds": True, "says": connector.check()}
    except TieoutError as error:
        return {"system": name, "holds": False, "says": str(error)}
    finally:
        connector.close()


if __name__ == "__main__":
    try:
        if "--catalogue" in sys.argv[1:]:
            installed(read_settings(), os.environ)
        else:
            print(json.dumps(answers()))
    except Misconfigured as error:
        print(error, file=sys.stderr)
        sys.exit(2)
