"""What a snapshot showed is held small, and shown again as it was (C4)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

from integrations.connectors.mirror import Mirror
from integrations.connectors.netsuite import observations
from integrations.contracts.connector import Observation

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)


def posting(n: int) -> Observation:
    return observations.time_observation(
        {
            "id": str(n),
            "externalid": f"TE-kantata-{n}-v1",
            "trandate": "2026-11-16",
            "hours": "7:30",
            "isbillable": "T",
            "rate": f"{n}.10",
            "custcol_currency": "EUR",
            "custcol_cost_rate": "50.00",
            "custcol_cost_currency": "GBP",
            "customer": f"PRJ-{n}",
            "chargecode": f"PRJ-{n}.010",
            "employee": "E-1007",
            "createddate": "2026-11-18T10:00:00Z",
            "subsidiary": "NOV-DE",
            "lastmodifieddate": "2026-11-18T10:00:00Z",
        }
    )


def taken(make: Callable[[], object]) -> int:
    """Bytes that stay allocated for what is made."""
    tracemalloc.start()
    kept = make()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept is not None
    return size


def test_what_was_taken_is_shown_as_it_was_and_replaced_by_what_is_newer() -> None:
    """C4: a snapshot by change shows every object, else the rest would count as deleted."""
    mirror = Mirror()
    mirror.renew((posting(n) for n in range(3)), [NOW])
    changed = Observation("time_entry", "1", "TE-kantata-1-v1", {"hours": "6.00", "bill_rate": None, "invoiced": True})
    shown = mirror.shown()
    mirror.take([changed], [NOW])
    assert list(shown) == [posting(0), posting(1), posting(2)]
    assert list(mirror.shown()) == [posting(0), changed, posting(2)]
    assert len(mirror) == 3 and "2" in mirror and "3" not in mirror
    mirror.renew([posting(7)], [NOW])
    assert [one.system_id for one in mirror.shown()] == ["7"]


def test_a_mirror_takes_less_than_two_thirds_of_the_objects_memory() -> None:
    """C4: an entity that grows with every day of work is not held as objects."""

    def mirrored() -> Mirror:
        mirror = Mirror()
        mirror.renew((posting(n) for n in range(500)), [NOW])
        return mirror

    assert taken(mirrored) * 3 < taken(lambda: [posting(n) for n in range(500)]) * 2
