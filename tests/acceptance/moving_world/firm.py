"""A firm whose world moves: connectors over HTTP, an engine, the collector's own decoding, marts, detectors, cases.

All in one process, so that thousands of changes fit into an hour. What a kill leaves behind is there all the same: the
engine is thrown away between any two calls to a vendor, its leases run out, and another goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from integrations.contracts.connector import Role
from integrations.engine.engine import Engine
from integrations.engine.snapshotting import CollectorAway
from integrations.flows import flows
from tests.acceptance.flows.house import House, open_house
from tests.acceptance.moving_world.mortal import InTurn, Killed, dying
from tests.acceptance.moving_world.record import Record
from tests.catalogues import demonstration


class MovingFirm:
    """`house` are the vendors and the engine, `record` is what the collector keeps and makes of it."""

    def __init__(self, house: House) -> None:
        self.house, self.record = house, Record(house.journal, house.clock)

    @property
    def now(self) -> datetime:
        return self.house.clock.at

    def pass_time(self, **span: float) -> None:
        self.house.clock.at += timedelta(**span)

    def settle(self, rounds: int = 3) -> None:
        """The engine works until nothing moves; a second of world time passes between its rounds."""
        self.house.settle(rounds)

    def kill(self, after: int) -> None:
        """End the engine in the midst of its work, after so many calls to vendors; another takes over."""
        with dying(self.house.connectors.values(), after):
            try:
                self.house.settle(rounds=1)
            except Killed:
                self._succeed()

    def kill_collector(self, after: int, kept: bool) -> None:
        """End the collector as it takes the request after so many others, before or after what it got was `kept`."""
        with self.record.dying(after, kept):
            try:
                self.watch()
            except CollectorAway:
                self.record.restart()

    def watch(self) -> None:
        """A snapshot of every system and the journal's feed, into the lake."""
        for connector in self.house.connectors.values():
            self.record.snapshots.take(connector)
        self.record.copy_feed()

    def look(self) -> None:
        """What is watched, judged: marts, detectors and cases as of now."""
        self.watch()
        self.record.judge()

    def open_findings(self) -> list[dict[str, Any]]:
        """Every finding that stands, with its case's cause."""
        query = text(
            "select f.*, c.cause, c.fingerprint, c.project_key "
            "from finding f join case_ c using (case_id) where f.resolved_at is null"
        )
        with self.house.journal.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _succeed(self) -> None:
        """A new engine on the same journal, once the dead one's leases have run out."""
        self.pass_time(seconds=60)
        with self.house.journal.engine.begin() as connection:
            connection.execute(text("update run set lease_until_wall = 1 where state = 'running'"))
        dead = self.house.engine
        self.house.engine = Engine(
            self.house.journal,
            flows(),
            self.house.connectors,
            self.house.clock,
            catalogue=demonstration(),
            chance=lambda: 0.0,
        )
        in_turn(self.house)
        dead.worker.stopping.set()


def in_turn(house: House) -> None:
    """Let the engine make one call after the other."""
    house.engine.worker._pools = {name: InTurn() for name in house.connectors}  # type: ignore[misc]


@contextmanager
def moving_firm(folder: Path) -> Iterator[MovingFirm]:
    """A firm in `folder`, closed at the end of the block."""
    with open_house(folder, {Role.ERP: {"invoice_events": True}}) as house:
        in_turn(house)
        yield MovingFirm(house)
