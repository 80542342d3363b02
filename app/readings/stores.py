"""The stores of an installation, opened for whoever reads it: a console, a command, an API."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from models.catalogue import load_catalogue
from models.domain.clock import clock_at
from models.journal.ports.desk import DeskPort, open_desk
from models.journal.ports.readings import ReadingsPort, open_readings
from models.keys.keyring import Keyring
from models.lake.reader import open_reader
from models.settings import Settings


class Stores:
    """An installation's settings, catalogue, clock, audit lake and journal: `journal` to look at, `desk` to write on.
    `looks` is when somebody was last noted to have seen clear values (`readings/looks.py`).

    The journal is opened when it is first asked for: a command that only reads the audit lake must not create one.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalogue = load_catalogue(settings)
        self.clock = clock_at(settings.world_clock)
        self.lake = open_reader(settings)
        self.looks: dict[tuple[str, ...], float] = {}

    @cached_property
    def keys(self) -> Keyring:
        """What opens sealed values, for whoever may read them; it lies in the home and may be absent."""
        return Keyring(self.settings)

    @cached_property
    def journal(self) -> ReadingsPort:
        return open_readings(self.settings.journal_address, self.clock, self.keys)

    @cached_property
    def desk(self) -> DeskPort:
        return open_desk(self.settings.journal_address, self.clock, self.catalogue.thresholds, self.keys)

    def now(self) -> datetime:
        """The present of the world that the records are about, in UTC; ages are measured against it."""
        return self.clock.now()

    def close(self) -> None:
        """End the process that reads the lake and the journal's connections."""
        self.lake.close()
        for name in ("journal", "desk"):
            if name in self.__dict__:
                getattr(self, name).close()
