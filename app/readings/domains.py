"""Whose part of the business a thing is: the one place that says so to whoever acts or reads clear (G1).

A domain is its owner's: a flow has its owner's, a run and a record their flow's, a case its owner's, through the team
that the catalogue gives that owner. What names no flow and no owner is of no single domain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from app.readings.stores import Stores
from app.readings.viewer import Things, Viewer
from models.canonical.classification import DataClass
from models.journal.runs.run import Run


def of_flows(stores: Stores, flows: Iterable[str]) -> Things:
    """Flows by their names."""
    return {flow: stores.catalogue.domain_of(flow) for flow in flows}


def of_runs(stores: Stores, runs: Iterable[Run]) -> Things:
    """Runs by their flow: those of one are of one domain."""
    counted = Counter(run.flow for run in runs)
    return {
        f"{count:,} {'run' if count == 1 else 'runs'} of {flow}": stores.catalogue.domain_of(flow)
        for flow, count in counted.items()
    }


def clear_of(stores: Stores, viewer: Viewer, row: Mapping[str, Any]) -> frozenset[DataClass]:
    """The data classes that this viewer reads clear in a row: one that names its `flow` is of the flow's domain, any
    other of none.
    """
    return viewer.clear_in(stores.catalogue.domain_of(row.get("flow"))) if viewer.bounded else viewer.clear
