"""`tieout keys`: the keys of labour rates, pay and contract values, which the stores hold sealed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import Format
from app.cli.question import FORMAT as FormatOption

if TYPE_CHECKING:
    from app.readings.stores import Stores
    from app.readings.viewer import Viewer

keys_cli = typer.Typer(no_args_is_help=True, help="Keys of rates, pay and contract values, one a person or contract.")
Reason = Annotated[str, typer.Option(help="why; kept in the audit lake")]
Folder = Annotated[Path, typer.Argument(help="its folder: keep it apart from backups of lake and journal")]


@contextmanager
def _acting() -> Iterator[tuple[Stores, Viewer]]:
    """The stores, and the home's owner, who alone can read its keys."""
    from app.cli.asking import acting
    from app.readings.rights import Action

    with acting(Action.KEEP_KEYS) as held:
        yield held


@keys_cli.command("list")
def listed(form: FormatOption = Format.table) -> None:
    """List who has a key; of those erased when that was."""
    from dataclasses import asdict

    from app.cli.output import print_rows
    from app.readings import keeping_keys

    with _acting() as (stores, viewer):
        rows = keeping_keys.listed(stores, viewer)
    print_rows([asdict(row) for row in rows], form, "no value is sealed yet")


@keys_cli.command()
def rotate(reason: Reason) -> None:
    """Make another master key, which wraps every key anew; nothing that is sealed changes."""
    from app.readings import keeping_keys

    with _acting() as (stores, viewer):
        count = keeping_keys.rotate(stores, viewer, reason)
    print(f"{count:,} keys wrapped anew: back them up, older backups open no newer key")


@keys_cli.command()
def erase(
    kind: Annotated[str, typer.Argument(help="person or contract")],
    name: Annotated[str, typer.Argument(help="as `tieout keys list` shows it")],
    reason: Reason,
) -> None:
    """Drop one key for good: what was sealed with it reads `erased` everywhere, and no seal breaks."""
    from app.readings import keeping_keys

    with _acting() as (stores, viewer):
        subject = keeping_keys.erase(stores, viewer, kind, name, reason)
    print(
        f"erased, known as {subject} from now on: a running collector derives the marts anew within a minute, "
        "without one `tieout rebuild` does; destroy the backups that still have its key"
    )


@keys_cli.command()
def backup(folder: Folder, reason: Reason) -> None:
    """Write the keys into a new folder, its owner's alone."""
    from app.readings import keeping_keys

    with _acting() as (stores, viewer):
        count = keeping_keys.back_up(stores, viewer, folder, reason)
    print(f"{count:,} keys and their master key in {folder}")


@keys_cli.command()
def restore(folder: Folder, reason: Reason) -> None:
    """Put back keys that are missing here; what is here stays, and who was erased since stays erased."""
    from app.readings import keeping_keys

    with _acting() as (stores, viewer):
        count = keeping_keys.restore(stores, viewer, folder, reason)
    print(f"{count:,} keys were missing and are back; `tieout doctor` says whether all of them open")


@keys_cli.command()
def seal(reason: Reason) -> None:
    """Seal what an earlier release kept in clear in the journal; the audit lake keeps what was done, and since when."""
    from app.readings import keeping_keys

    with _acting() as (stores, viewer):
        done = keeping_keys.seal(stores, viewer, reason)
    if not done:
        return print("nothing was in clear")
    print("\n".join(f"{table}: {count:,} rows sealed" for table, count in done.items()))
    return print("back their keys up: `tieout keys backup FOLDER`; without them nobody reads these values again")
