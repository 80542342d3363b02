"""The command `tieout`. Each subcommand imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from app.cli.alerts import alerts_cli
from app.cli.case import case_cli
from app.cli.keys import keys_cli
from app.cli.output import Format, fail
from app.cli.question import FORMAT as FormatOption
from app.cli.question import add
from app.cli.readings import QUESTIONS
from app.cli.request import ReasonOption, request_cli
from app.cli.rules import rules_cli
from app.cli.unsent import unsent_cli
from models.domain.errors import Misconfigured, TieoutError
from models.private_home import owner_only

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="See, prove and repair the flow of work into money.",
)
sandbox_cli = typer.Typer(invoke_without_command=True, help="The demonstration's vendor systems; alone it runs them.")
cli.add_typer(sandbox_cli, name="sandbox")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tieout {version('tieout')}")
        raise typer.Exit()


@cli.callback()
def everywhere(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="say which one")] = False,
) -> None:
    pass


senders_cli = typer.Typer(no_args_is_help=True, help="Who may send telemetry from other machines.")
cli.add_typer(senders_cli, name="senders")
cli.add_typer(case_cli, name="case")
cli.add_typer(alerts_cli, name="alerts")
cli.add_typer(unsent_cli, name="unsent")
cli.add_typer(rules_cli, name="rules")
cli.add_typer(request_cli)
cli.add_typer(keys_cli, name="keys")


@cli.command()
def demo(
    fresh: Annotated[bool, typer.Option(help="begin a new demonstration instead of going on with the last")] = False,
) -> None:
    """Show the whole system on a sandbox firm, on loopback."""
    from app.cli.up import demo as run

    raise typer.Exit(run(fresh))


@cli.command()
def up(sandbox: Annotated[bool, typer.Option(help="add quiet vendor emulators on loopback")] = False) -> None:
    """Run engine, collector and console against the systems of TIEOUT_CATALOGUE, or of the file TIEOUT_SYSTEMS."""
    from app.cli.up import up as run

    raise typer.Exit(run(sandbox))


def _become(role: str) -> None:
    from app.cli.processes import command
    from models.settings import read_settings

    argv = command(role, read_settings())
    os.execv(argv[0], argv)


@cli.command()
def engine() -> None:
    """Run one engine process: polls sources, runs flows, answers replay requests."""
    _become("engine")


@cli.command()
def collect() -> None:
    """Run the collector: receives telemetry, writes and seals the audit lake, looks for exceptions."""
    _become("collect")


@cli.command()
def console() -> None:
    """Run the console."""
    _become("console")


@sandbox_cli.callback()
def sandbox(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        _become("sandbox")


@sandbox_cli.command("faults")
def sandbox_faults(form: FormatOption = Format.table) -> None:
    """List what is planted in the sandbox: what should be found, and its money."""
    from app.cli.sandbox import faults

    faults(form)


@sandbox_cli.command("fix")
def sandbox_fix(fault: Annotated[str, typer.Argument(help="id of a planted fault, or `all`")]) -> None:
    """Do in the vendor's system what a person would do to end a planted fault."""
    from app.cli.sandbox import fix

    fix(fault)


@sandbox_cli.command("compare")
def sandbox_compare(form: FormatOption = Format.table) -> None:
    """Compare every vendor system with the world's truth; exit 1 when something unexplained differs."""
    from app.cli.sandbox import compare

    raise typer.Exit(compare(form))


@senders_cli.command("add")
def senders_add(
    name: Annotated[str, typer.Argument(help="what records and the list call it")],
    scopes: Annotated[str, typer.Option(help="traces, logs, events (all by default), metrics")] = "",
) -> None:
    """Print a new sender's token, this once: `authorization: Bearer <token>`."""
    from app.cli.senders import add as run

    run(name, scopes)


@senders_cli.command("list")
def senders_list(form: FormatOption = Format.table) -> None:
    """List senders: what they may send, when they were last heard, who was revoked."""
    from app.cli.senders import show

    show(form)


@senders_cli.command("revoke")
def senders_revoke(name: Annotated[str, typer.Argument(help="a sender")]) -> None:
    """From now on the sender's token opens nothing."""
    from app.cli.senders import revoke as run

    run(name)


@cli.command()
def sql(
    query: Annotated[
        str, typer.Argument(help="one SELECT over spans, logs, records, observations, seals, runs, cases, mart_*")
    ],
    form: FormatOption = Format.table,
    as_of: Annotated[datetime | None, typer.Option(help="read the audit lake as it was then (UTC)")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="show rates, pay and contract values; needs --reason")] = False,
    reason: Annotated[str, typer.Option(help="why clear values are shown; kept in the audit lake")] = "",
) -> None:
    """Ask the stores; reads only, also while the system runs."""
    from app.cli.query import sql as run

    run(query, form, as_of, clear, reason)


@cli.command()
def verify(
    export: Annotated[Path | None, typer.Argument(help="folder of an export, in place of the audit lake here")] = None,
    witness: Annotated[
        Path | None,
        typer.Option(help="checkpoints kept elsewhere (default: TIEOUT_WITNESS, else the home's; none for an export)"),
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Prove that the audit lake is whole; exit 1 names what was altered or removed, 2 says why it can't be told."""
    from app.cli.verify import verify as run

    raise typer.Exit(run(export, witness, form))


@cli.command("export")
def export_(
    folder: Annotated[Path, typer.Argument(help="a new folder")],
    reason: ReasonOption,
) -> None:
    """Write the whole audit lake as plain Parquet, seals too, without keys; `tieout verify FOLDER` proves it."""
    from app.cli.export import export as run

    raise typer.Exit(run(folder, reason))


@cli.command()
def orphans(
    move: Annotated[
        bool, typer.Option("--move", help="move them to the quarantine; the collector must not run")
    ] = False,
) -> None:
    """List files of the audit lake that nothing refers to; exit 1 when too many would leave for it to be right."""
    from app.cli.orphans import orphans as run

    raise typer.Exit(run(move))


@cli.command()
def reread(
    source: Annotated[str, typer.Argument(help="a name of logs.toml, whose format or zone was mended")],
) -> None:
    """Read the lines again that a source of log files could not be read of; each once, unless it is refused again."""
    from app.cli.reread import reread as run

    raise typer.Exit(run(source))


@cli.command()
def explain(
    code: Annotated[
        str | None, typer.Argument(help="cause or error code, or a figure, e.g. billing_readiness; none lists them all")
    ] = None,
    form: FormatOption = Format.table,
) -> None:
    """Say what a cause or error code means, what to do, what is open of it; of a figure, what is behind its range."""
    from app.cli.explain import explain as run

    run(code, form)


@cli.command()
def rebuild() -> None:
    """Drop the derived tables and make them again from the audit lake."""
    from app.cli.query import rebuild as run

    run()


@cli.command()
def doctor() -> None:
    """Check settings, stores, systems, processes and disk; exit 1 says what to mend."""
    from app.cli.doctor import doctor as run

    raise typer.Exit(run())


@cli.command()
def bench(
    what: Annotated[str, typer.Argument(help="ingest, overload, logs, engine, bill, marts or pages")],
    json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    size: Annotated[int | None, typer.Option(help="spans, answers, lines, runs, entries, items or cases")] = None,
    database: Annotated[str, typer.Option(help="engine: sqlite or postgres")] = "sqlite",
    against: Annotated[Path | None, typer.Option(help="marts: checkout of another release, beside this one")] = None,
) -> None:
    """Measure a figure beside its limit in one run, on this machine and loopback only."""
    from app.cli.bench import bench as run

    raise typer.Exit(run(what, json, size, database, against))


for question in QUESTIONS:
    add(cli, question)


def main() -> None:
    """Run the command line; every expected error is one sentence, never a stack."""
    owner_only()
    try:
        cli()
    except Misconfigured as error:
        raise fail(str(error), 2) from error
    except TieoutError as error:
        raise fail(f"{error} (tieout explain {error.code})", 1) from error
    except subprocess.CalledProcessError as error:
        raise fail(f"{error.cmd[0]} ended with status {error.returncode}", 1) from error
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
