"""What came of flows beside what was to be expected of them (X7): each of the viewer's legal entities, and of several
together for whoever sees all.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from app.readings.volume.question import VolumeQuestion
from app.readings.volume.rows import Volume, VolumeHour
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("volume.sql"))
RESTS = "rests"


def volumes(stores: Stores, viewer: Viewer) -> tuple[Volume, ...]:
    """Each flow from each system, those that are silent first."""
    found = rows(stores, viewer, SQL["volumes"], Volume)
    resting = stores.catalogue.resting
    return tuple(replace(one, state=RESTS) if one.flow in resting else one for one in found)


def listed(stores: Stores, viewer: Viewer, looked_for: VolumeQuestion) -> tuple[Volume, ...]:
    """The same of the flows that are asked for."""
    found = volumes(stores, viewer)
    return tuple(one for one in found if not looked_for.flow or one.flow in looked_for.flow)


def hours(
    stores: Stores, viewer: Viewer, flow: str, system: str, instance: str, legal_entity: str
) -> tuple[VolumeHour, ...]:
    """Each hour of the last week of one of them, up to the present one."""
    asked = {"flow": flow, "system": system, "instance": instance, "legal_entity": legal_entity}
    return rows(stores, viewer, SQL["hours"], VolumeHour, **asked)
