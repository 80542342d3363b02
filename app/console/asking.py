"""The console's one way to the stores: readings kept for a few seconds, requests and triage through the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import streamlit as st

from app.console.widgets.payload import fields_of
from app.readings import clear
from app.readings.reading import answers
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.states import RunState
from models.journal.cases import CaseFilter, CaseGroup
from models.journal.ports.desk import DeskPort
from models.journal.ports.readings import ReadingsPort
from models.settings import read_settings

P = ParamSpec("P")
Rows = TypeVar("Rows")
Row = dict[str, Any]
STILL = (RunState.DEAD, RunState.WAITING)
FRESH = 5
"""Seconds that an aggregate may be old: as often as the collector commits and the marts are refreshed."""


@st.cache_resource(show_spinner=False)
def stores() -> Stores:
    """The stores, opened once for the process and shared by its sessions."""
    return Stores(read_settings())


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


def replayable(run_ids: Sequence[str]) -> list[str]:
    """Those of the runs that stand still: dead, or waiting for data. The others have ended or are on their way."""
    found = journal().runs.by_ids(tuple(run_ids)) if run_ids else []
    still = {run.run_id for run in found if run.state in STILL}
    return [run_id for run_id in dict.fromkeys(run_ids) if run_id in still]


@st.cache_data(ttl=300, max_entries=200, show_spinner=False)
def payload_fields(run_id: str) -> list[str]:
    """Dotted paths of a run's payload that a correction may name."""
    return [path for run in journal().runs.by_ids((run_id,)) for path in fields_of(run.payload)]


@st.cache_data(ttl=300, max_entries=50, show_spinner=False)
def amounts_carried(run_ids: tuple[str, ...]) -> list[Row]:
    """What each of the runs carries that is worth something: `entity` and subject, `currency` and `amount`."""
    found = [
        (run, *run.business_key.partition(":")[::2])
        for run in journal().runs.by_ids(run_ids)
        if run.amount and run.currency
    ]
    return [
        {
            "entity": entity,
            "first_subject": key,
            "last_subject": key,
            "currency": run.currency,
            "amount": Decimal(run.amount or 0),
        }
        for run, entity, key in found
    ]


def audit(viewer: Viewer, action: str, about: str) -> None:
    """Hand the audit lake what this viewer just did (G2, X9)."""
    clear.audit(stores(), viewer, action, about)


def read(
    viewer: Viewer, reading: Callable[Concatenate[Stores, Viewer, P], Rows], *args: P.args, **filters: P.kwargs
) -> Rows:
    """A reading's answer for this viewer, at most FRESH seconds old. Filters are values that cannot change: tuples, not
    lists.
    """
    name = f"{reading.__module__}.{reading.__qualname__}"
    return cast(Rows, _kept(name, args, filters, viewer.entities, tuple(sorted(viewer.roles)), reading, viewer))


def read_now(
    viewer: Viewer, reading: Callable[Concatenate[Stores, Viewer, P], Rows], *args: P.args, **filters: P.kwargs
) -> Rows:
    """The same without a cache: for a page of a list, for a file, and for what a person has just changed."""
    return reading(stores(), viewer, *args, **filters)


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


def ask(viewer: Viewer, sql: str, **parameters: Any) -> list[Row]:
    """Rows of one statement for this viewer, at most FRESH seconds old, within their scope."""
    return _shared(sql, _frozen(parameters), viewer.entities, tuple(sorted(viewer.roles)), viewer)


def ask_now(viewer: Viewer, sql: str, **parameters: Any) -> list[Row]:
    """The same without a cache: for a page of a list, and for what a person has just changed."""
    return answers(stores(), viewer, sql, parameters)


@st.cache_data(ttl=FRESH, max_entries=400, show_spinner=False)
def _shared(
    sql: str,
    parameters: tuple[tuple[str, Any], ...],
    entities: tuple[str, ...],
    roles: tuple[str, ...],
    _viewer: Viewer,
) -> list[Row]:
    del entities, roles  # part of the key: an answer never crosses from one set of roles to another
    thawed = {name: list(value) if isinstance(value, tuple) else value for name, value in parameters}
    return answers(stores(), _viewer, sql, thawed)


@st.cache_data(ttl=2, max_entries=50, show_spinner=False)
def case_groups(entities: tuple[str, ...]) -> list[CaseGroup]:
    """Open cases by cause within these legal entities (none: all), the most money first."""
    return journal().cases.groups(CaseFilter(legal_entities=entities))


@st.cache_data(ttl=15, max_entries=200, show_spinner=False)
def facets(column: str, status: tuple[str, ...] | None, entities: tuple[str, ...]) -> list[str]:
    """Values to filter cases by; a full count over all cases, so it is shared and may be older."""
    return [value for value, _ in journal().cases.facets(column, CaseFilter(status=status, legal_entities=entities))]


def _frozen(parameters: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        sorted((name, tuple(value) if isinstance(value, list | set) else value) for name, value in parameters.items())
    )
