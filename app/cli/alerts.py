"""`tieout alerts`: who was told of what and how it fared; whether an audience can be reached."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.output import Format, fail
from app.cli.question import FORMAT as FormatOption

EVERY = 0.25
"""Seconds between two looks for an answer."""
alerts_cli = typer.Typer(invoke_without_command=True, help="Who was told of what; alone it lists alerts.")


@alerts_cli.callback()
def listed(
    context: typer.Context,
    form: FormatOption = Format.table,
    limit: Annotated[int, typer.Option(help="most alerts", min=1, max=10_000)] = 50,
    page: Annotated[int, typer.Option(help="which page of so many", min=1)] = 1,
) -> None:
    """List alerts, the newest first, and how each fares on its road."""
    if context.invoked_subcommand is not None:
        return
    from app.cli.installation import installation
    from app.cli.output import print_rows
    from app.readings.alerts import reading
    from app.readings.page import Page
    from app.readings.stores import Stores
    from app.readings.viewer import owner_viewer

    settings = installation(journal=True)
    with closing(Stores(settings)) as stores:
        rows = reading.listed(stores, owner_viewer(settings), Page(limit, page))
        empty = "nobody was told of anything yet" if stores.catalogue.audiences else "no audience is to be told"
    print_rows([asdict(row) for row in rows], form, empty)


@alerts_cli.command("test")
def tried(
    audience: Annotated[str, typer.Argument(help="an audience of audiences.toml")],
    wait: Annotated[float, typer.Option(help="seconds to wait for each road's answer")] = 60.0,
    form: FormatOption = Format.table,
) -> None:
    """Send a test over each road of an audience; exit 1 when one of them did not take it."""
    from app.cli.asking import acting
    from app.cli.output import print_rows
    from app.readings.alerts import reading, trying

    with acting(trying.TRIES) as (stores, viewer):
        try:
            alert_ids = trying.attempt(stores, viewer, audience)
        except ValueError as refusal:
            raise fail(str(refusal), 2) from refusal
        until = time.monotonic() + wait
        while any(one.attempts == 0 for one in stores.journal.alerts.get(alert_ids)) and time.monotonic() < until:
            time.sleep(EVERY)
        rows = [reading.told(one) for one in stores.journal.alerts.get(alert_ids)]
    print_rows([asdict(row) for row in rows], form)
    if any(row.attempts == 0 for row in rows):
        raise fail("nobody has sent it yet: does engine, collector or console run? `tieout doctor` says", 1)
    raise typer.Exit(0 if all(row.state == "delivered" for row in rows) else 1)
