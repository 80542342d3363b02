"""The console's one way to the stores: readings kept for a few seconds, requests and triage through the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import streamlit as st

from app.readings import clear
from app.readings.cases import reading as cases
from app.readings.looks import looked
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.journal.ports.desk import DeskPort
from models.journal.ports.readings import ReadingsPort
from models.settings import read_settings
from models.visits import Visits

P = ParamSpec("P")
Rows = TypeVar("Rows")
FRESH = 5
"""Seconds that an aggregate may be old: as often as the collector commits and the marts are refreshed."""


@st.cache_resource(show_spinner=False)
def stores() -> Stores:
    """The stores, opened once for the process and shared by its sessions."""
    return Stores(read_settings())


@st.cache_resource(show_spinner=False)
def visits() -> Visits:
    """Whoever reads a page visits it; a page that is open looks again by itself."""
    return Visits(stores().settings.run_folder)


def journal() -> ReadingsPort:
    """Runs, cases and requests to look at."""
    return stores().journal


def desk() -> DeskPort:
    """Where requests and triage are written."""
    return stores().desk


def world_now() -> datetime:
    """The present of the world the records are about; ages are measured against it."""
    return stores().clock.now()


def reporting_currency() -> str:
    return stores().catalogue.reporting_currency


def audit(viewer: Viewer, action: str, about: str) -> None:
    """Hand the audit lake what this viewer just did (G2, X9)."""
    clear.audit(stores(), viewer, action, about)


def read(
    viewer: Viewer, reading: Callable[Concatenate[Stores, Viewer, P], Rows], *args: P.args, **filters: P.kwargs
) -> Rows:
    """A reading's answer for this viewer, at most FRESH seconds old; clear values in it are noted as seen by them, also
    where another asked. Filters are values that cannot change: tuples, not lists.
    """
    visits().note()
    name = f"{reading.__module__}.{reading.__qualname__}"
    found = _kept(name, args, filters, viewer.entities, tuple(sorted(viewer.roles)), reading, viewer)
    looked(stores(), viewer, name, found, (args, filters))
    return cast(Rows, found)


def read_now(
    viewer: Viewer, reading: Callable[Concatenate[Stores, Viewer, P], Rows], *args: P.args, **filters: P.kwargs
) -> Rows:
    """The same without a cache: for a page of a list, for a file, and for what a person has just changed."""
    visits().note()
    found = reading(stores(), viewer, *args, **filters)
    looked(stores(), viewer, f"{reading.__module__}.{reading.__qualname__}", found, (args, filters))
    return found


@st.cache_resource(ttl=FRESH, max_entries=400, show_spinner=False)
def _kept(
    name: str,
    args: tuple[Any, ...],
    filters: Mapping[str, Any],
    entities: tuple[str, ...],
    roles: tuple[str, ...],
    _reading: Callable[..., Any],
    _viewer: Viewer,
) -> Any:
    """Kept by scope and roles, so that an answer never crosses from one to another; shared by sessions and not copied,
    which frozen rows allow.
    """
    del name, entities, roles
    return _reading(stores(), _viewer, *args, **filters)


@st.cache_data(ttl=15, max_entries=200, show_spinner=False)
def _facets(column: str, status: tuple[str, ...] | None, entities: tuple[str, ...], _viewer: Viewer) -> tuple[str, ...]:
    del entities  # part of the key
    return cases.facets(stores(), _viewer, column, status)


def facets(viewer: Viewer, column: str, status: tuple[str, ...] | None) -> tuple[str, ...]:
    """Values to filter cases by; a full count over all cases, so it is shared and may be 15 seconds old."""
    return _facets(column, status, viewer.entities, viewer)
