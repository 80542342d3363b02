"""`tieout rules`: how flows that others run are read, and what a rule would make of what they sent lately."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer

from app.cli.output import Format, fail
from app.cli.question import FORMAT as FormatOption

rules_cli = typer.Typer(invoke_without_command=True, help="How flows that others run are read; alone it lists rules.")
_COLUMNS = ("flow", "run_id", "state", "step", "business_key", "amount", "currency", "error_message")


@rules_cli.callback()
def listed(context: typer.Context, form: FormatOption = Format.table) -> None:
    """List the rules, and whether each is switched on."""
    if context.invoked_subcommand is not None:
        return
    from app.cli.installation import settings_here
    from app.cli.output import print_rows
    from models.catalogue import load_catalogue

    rules = load_catalogue(settings_here()).rules
    shown = [
        {
            "rule": one.name,
            "on": "yes" if one.active else "no",
            "owner": one.owner,
            "allowed_minutes": one.service_level / 60,
            "readings": len(one.readings),
        }
        for one in rules
    ]
    print_rows(shown, form)


@rules_cli.command("try")
def tried(
    rule: Annotated[list[str] | None, typer.Option(help="only these rules, on or not; else all that are on")] = None,
    hours: Annotated[float, typer.Option(help="how far back what came is looked at", min=0.01, max=72)] = 1.0,
    form: FormatOption = Format.table,
) -> None:
    """Show what rules would make of the telemetry of the last hour; nothing is kept. Exit 1 when they read no run."""
    from app.cli.installation import installation
    from app.cli.output import print_rows
    from app.readings.elsewhere import trying
    from app.readings.looks import looked
    from app.readings.stores import Stores
    from app.readings.viewer import owner_viewer

    settings = installation()
    viewer = owner_viewer(settings)
    with closing(Stores(settings)) as stores:
        try:
            trial = trying.trial(stores, viewer, rule or (), hours)
            looked(stores, viewer, "rules try", trial, (rule, hours))
        except trying.NoSuchRule as error:
            raise fail(str(error), 2) from error
    rows = [asdict(run) for run in trial.runs]
    if form is Format.table:
        rows = [{name: row[name] for name in _COLUMNS} for row in rows]
    print_rows(rows, form, f"no run in {trial.spans:,} spans and {trial.logs:,} logs of the last {hours:g} h")
    for line in trying.told(trial):
        print(line, file=sys.stderr)
    raise typer.Exit(0 if trial.runs else 1)
