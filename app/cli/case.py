"""`tieout case`: one case as its page shows it, and what people do with cases, from a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import Format, fail
from app.cli.question import FORMAT as FormatOption

if TYPE_CHECKING:
    from app.readings.cases.triaging import Triaged
    from app.readings.stores import Stores
    from app.readings.viewer import Viewer

CasesArgument = Annotated[list[str], typer.Argument(metavar="CASE...", help="case ids, as `tieout cases` shows them")]
AsOption = Annotated[
    str | None, typer.Option("--as", help="who you are, where nobody signs in and it is not the home's owner")
]
WhyOption = Annotated[str | None, typer.Option("--reason", help="why; kept in the audit lake")]
ReasonOption = Annotated[str, typer.Option("--reason", help="why; kept in the audit lake")]
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LENGTH = re.compile(r"(\d{1,4})([mhdw])")

case_cli = typer.Typer(no_args_is_help=True, help="See one case, and triage: assign, acknowledge, snooze, ignore …")


@case_cli.command()
def show(
    case: Annotated[str, typer.Argument(help="case id, as `tieout cases` shows it")],
    form: FormatOption = Format.table,
    limit: Annotated[int, typer.Option(help="most records", min=1, max=10_000)] = 25,
    page: Annotated[int, typer.Option(help="which page of so many records", min=1)] = 1,
) -> None:
    """Show a case: what it is, what to do, its records, its money by month, its history."""
    from app.cli.case_sheet import sheet
    from app.cli.installation import installation
    from app.readings.stores import Stores
    from app.readings.viewer import owner_viewer

    settings = installation(journal=True)
    with closing(Stores(settings)) as stores:
        sheet(stores, owner_viewer(settings), case, form, limit, page)


@case_cli.command()
def acknowledge(
    cases: CasesArgument, reason: WhyOption = None, form: FormatOption = Format.table, as_: AsOption = None
) -> None:
    """Say that you are on it: others see your name. Exit 1 when a case was left as it was."""
    from app.readings.cases import triaging

    _triage(lambda stores, viewer: triaging.acknowledge(stores, viewer, cases, reason), form, as_)


@case_cli.command()
def assign(
    cases: CasesArgument,
    to: Annotated[str | None, typer.Option(help="who works on it; you without it")] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="take it off everybody's desk")] = False,
    reason: WhyOption = None,
    form: FormatOption = Format.table,
    as_: AsOption = None,
) -> None:
    """Say who works on cases. Exit 1 when a case was left as it was."""
    from app.readings.cases import triaging

    if nobody and to is not None:
        raise fail("give either --to or --nobody", 2)
    if to is not None and not to.strip():
        raise fail("say to whom: --to NAME, or --nobody", 2)

    def act(stores: Stores, viewer: Viewer) -> Sequence[Triaged]:
        return triaging.assign(stores, viewer, cases, None if nobody else to or viewer.person, reason)

    _triage(act, form, as_)


@case_cli.command()
def comment(
    cases: CasesArgument,
    text: Annotated[str, typer.Option(help="what you know, found or agreed; kept in the audit lake")],
    form: FormatOption = Format.table,
    as_: AsOption = None,
) -> None:
    """Keep a remark in the history of cases."""
    from app.readings.cases import triaging

    _triage(lambda stores, viewer: triaging.comment(stores, viewer, cases, text), form, as_)


@case_cli.command()
def snooze(
    cases: CasesArgument,
    reason: ReasonOption,
    length: Annotated[str | None, typer.Option("--for", help="how long: 30m, 4h, 3d or 1w")] = None,
    until: Annotated[datetime | None, typer.Option(help="until this moment instead (UTC)")] = None,
    form: FormatOption = Format.table,
    as_: AsOption = None,
) -> None:
    """Put cases out of sight for a while: they come back by themselves. Exit 1 when a case was left as it was."""
    from app.readings.cases import triaging

    if (length is None) == (until is None):
        raise fail("say how long: either --for 4h or --until 2026-12-24", 2)
    span = timedelta() if length is None else _length(length)

    def act(stores: Stores, viewer: Viewer) -> Sequence[Triaged]:
        end = until.replace(tzinfo=UTC) if until else stores.now() + span
        return triaging.snooze(stores, viewer, cases, end, reason)

    _triage(act, form, as_)


@case_cli.command()
def ignore(cases: CasesArgument, reason: ReasonOption, form: FormatOption = Format.table, as_: AsOption = None) -> None:
    """Accept cases as they are: they keep their records and stay ignored. Exit 1 when a case was left as it was."""
    from app.readings.cases import triaging

    _triage(lambda stores, viewer: triaging.ignore(stores, viewer, cases, reason), form, as_, ignoring=True)


@case_cli.command()
def reopen(
    cases: CasesArgument, reason: WhyOption = None, form: FormatOption = Format.table, as_: AsOption = None
) -> None:
    """Bring acknowledged, snoozed or ignored cases back on the list. Exit 1 when a case was left as it was."""
    from app.readings.cases import triaging

    _triage(lambda stores, viewer: triaging.reopen(stores, viewer, cases, reason), form, as_)


def _triage(
    act: Callable[[Stores, Viewer], Sequence[Triaged]], form: Format, as_: str | None, ignoring: bool = False
) -> None:
    """Do it in the name of who asks, print each case as it is now; exit 1 where one was left as it was, 2 where it was
    asked wrongly and nothing was done.
    """
    from app.cli.asking import acting
    from app.cli.output import print_rows
    from app.readings.rights import Action

    with acting(Action.IGNORE if ignoring else Action.TRIAGE, as_) as (stores, viewer):
        try:
            done = act(stores, viewer)
        except ValueError as refusal:
            raise fail(str(refusal), 2) from refusal
    print_rows([{name: getattr(one, name) for name in one.__slots__} for one in done], form)
    raise typer.Exit(0 if all(one.changed for one in done) else 1)


def _length(text: str) -> timedelta:
    found = _LENGTH.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise fail(f"{text!r} is no length of time: give one as 30m, 4h, 3d or 1w", 2)
    return timedelta(**{UNITS[found[2]]: int(found[1])})
