"""`tieout unsent`: events that a message broker did not take, and having them sent again."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.output import Format, fail
from app.cli.question import FORMAT as FormatOption

unsent_cli = typer.Typer(invoke_without_command=True, help="Events that a broker did not take; alone it lists them.")


@unsent_cli.callback()
def listed(context: typer.Context, form: FormatOption = Format.table) -> None:
    """List the events that brokers did not take, the oldest first, and why."""
    if context.invoked_subcommand is not None:
        return
    from app.cli.installation import installation
    from app.cli.output import print_rows
    from app.readings.events import unsent
    from app.readings.stores import Stores
    from app.readings.viewer import owner_viewer

    settings = installation(journal=True)
    with closing(Stores(settings)) as stores:
        rows = unsent.listed(stores, owner_viewer(settings))
    print_rows([asdict(row) for row in rows], form, "brokers took every event")


@unsent_cli.command("again")
def again(
    broker: Annotated[str, typer.Argument(help="a broker of brokers.toml")],
    reason: Annotated[str, typer.Option(help="why now, for the record")],
) -> None:
    """Have everything sent again that a broker did not take."""
    from app.cli.asking import acting
    from app.readings.events import unsent

    with acting(unsent.SENDS_AGAIN) as (stores, viewer):
        try:
            count = unsent.send_again(stores, viewer, broker, reason)
        except ValueError as refusal:
            raise fail(str(refusal), 2) from refusal
    print(f"{count} events are to be sent again to {broker}")
