"""What is asked of the engine and of a second person, from a terminal: replay, steer, write off, agree to what others
asked.
"""

from __future__ import annotations

from typing import Annotated

import typer

ReasonOption = Annotated[str, typer.Option(help="why; kept in the audit lake")]
WaitOption = Annotated[float, typer.Option(help="seconds to wait for the answer")]
AsOption = Annotated[
    str | None, typer.Option("--as", help="who you are, where nobody signs in and it is not the home's owner")
]
WordsOption = Annotated[str, typer.Option(help="what you agree to, or why not; kept in the audit lake")]
RequestArgument = Annotated[str, typer.Argument(help="request id, as `tieout requests` shows it")]


request_cli = typer.Typer()


@request_cli.command()
def replay(
    runs: Annotated[list[str] | None, typer.Argument(help="run ids")] = None,
    case: Annotated[str | None, typer.Option(help="every open run of this case")] = None,
    start: Annotated[str, typer.Option("--from", help="failed_step or start")] = "failed_step",
    correct: Annotated[
        list[str] | None, typer.Option("--set", help="correction, e.g. charge_code=PRJ-1001.010")
    ] = None,
    suggested: Annotated[bool, typer.Option("--suggested", help="correct as the case suggests")] = False,
    preview: Annotated[bool, typer.Option(help="only show what each system would get")] = False,
    plan: Annotated[str | None, typer.Option(help="plan_hash of a preview: replay just what it showed")] = None,
    reason: Annotated[
        str | None, typer.Option(help="why; kept in the audit lake, and asked for where many runs are replayed")
    ] = None,
    wait: Annotated[float, typer.Option(help="seconds to wait for the answer")] = 120.0,
    as_: AsOption = None,
) -> None:
    """Replay runs in growing batches; exit 1 when one fails again, or when it waits for a second person."""
    from app.cli import replay as asking

    kind = "preview" if preview else "replay"
    selection = asking.chosen(kind, runs or [], case, start, correct or [], suggested, plan)
    run = asking.preview(selection, reason, wait) if preview else asking.replay(selection, plan, reason, wait, as_)
    raise typer.Exit(run)


@request_cli.command()
def approve(
    request: RequestArgument,
    hash: Annotated[str, typer.Option("--hash", help="of the content you saw, as `tieout requests` shows it")],
    words: WordsOption,
    as_: AsOption = None,
) -> None:
    """Agree, as a second person, to exactly what somebody else asked for; exit 1 when that does not hold."""
    from app.cli.approvals import approve as run

    raise typer.Exit(run(request, hash, words, as_))


@request_cli.command()
def refuse(request: RequestArgument, words: WordsOption, as_: AsOption = None) -> None:
    """Say no, as a second person, to what somebody else asked for."""
    from app.cli.approvals import refuse as run

    raise typer.Exit(run(request, words, as_))


@request_cli.command()
def withdraw(
    request: RequestArgument,
    words: Annotated[str | None, typer.Option(help="why; kept in the audit lake")] = None,
    as_: AsOption = None,
) -> None:
    """Take back what you asked a second person for."""
    from app.cli.approvals import withdraw as run

    raise typer.Exit(run(request, words, as_))


@request_cli.command("write-off")
def write_off(
    key: Annotated[str, typer.Argument(help="the record's key, as Reconciliation shows it")],
    reason: ReasonOption,
    entity: Annotated[str, typer.Option(help="which joint, where it is apart at several: time_entry, budget …")] = "",
    amount: Annotated[str | None, typer.Option(help="the whole difference; none other is taken")] = None,
    end: Annotated[bool, typer.Option("--end", help="take its write-off back instead")] = False,
    as_: AsOption = None,
) -> None:
    """Ask to write off a record that never arrived; a second person approves exactly that."""
    from app.cli.approvals import write_off as run

    raise typer.Exit(run(key, reason, entity, amount, end, as_))


@request_cli.command()
def cancel(
    runs: Annotated[list[str], typer.Argument(help="run ids")],
    reason: ReasonOption,
    wait: WaitOption = 30.0,
    as_: AsOption = None,
) -> None:
    """End runs that are dead or wait, for good; exit 1 when one was left alone, with why."""
    from app.cli.steer import cancel as run

    raise typer.Exit(run(runs, reason, wait, as_))


@request_cli.command()
def stop(
    request: Annotated[str, typer.Argument(help="request id of a replay that goes on")],
    reason: ReasonOption,
    as_: AsOption = None,
) -> None:
    """Start no more runs of a replay; those under way end. Exit 1 when it had ended already."""
    from app.cli.steer import stop as run

    raise typer.Exit(run(request, reason, as_))


@request_cli.command()
def pause(flow: str, reason: ReasonOption, wait: WaitOption = 30.0, as_: AsOption = None) -> None:
    """Start no more runs of a flow until it is resumed."""
    from app.cli.steer import pause as run

    raise typer.Exit(run(flow, reason, wait, as_))


@request_cli.command()
def resume(flow: str, reason: ReasonOption, wait: WaitOption = 30.0, as_: AsOption = None) -> None:
    """Go on with a paused flow."""
    from app.cli.steer import resume as run

    raise typer.Exit(run(flow, reason, wait, as_))
