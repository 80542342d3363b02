"""A derived table as its one `.sql` file tells it: what it is for in the head, how it is made in the statements.

    /*
    What one row of it says to a person.

    grain: the columns that tell one row from another
    observed: the kinds of objects that are parsed into it (only of the state)
    kept: the column that tells one time from another, of a mart whose past nothing can derive again
    published: the public name (only of the state; a mart is published by its own name)
    granule: the column by whose values all tables of the file can be derived a part at a time
    within: what is read of the values at hand alone, each table with its column: item.item_key, mart_work.item_key
    added: the one table of which every column beside the grain is a sum, so that what came and went can be added
    counted: of such sums the one that says how many rows they are of

        column  TYPE  unit  what it means
    */

A file with a granule has a statement `touched`: the values whose rows may be others once what it names as
`derived.moved.<table>` has moved, '*' for all of them. It is asked, not made.

Columns are parted by two or more spaces, `-` says that there is no unit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from models import sql_statements

_MADE = re.compile(r"\bCREATE (?:OR REPLACE )?TABLE (?:IF NOT EXISTS )?derived\.state\.(\w+)")
_NAMED = re.compile(r"\bderived\.state\.(\w+)")
_COLUMN = re.compile(r"^    (\w+)  +(\S+)  +(\S+(?: \S+)*)  +(\S.*)$")
_MOVED = re.compile(r"\bderived\.(?:moved|gone|come)\.(\w+)")
_KEY = re.compile(r"^(grain|observed|published|kept|granule|within|added|counted): (.+)$")


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is its SQL type; `unit` is None where it has none."""

    name: str
    kind: str
    unit: str | None
    meaning: str


@dataclass(frozen=True, eq=False)
class Table:
    """`name` is the table in `derived.state`, `published` what readers call it, if anything; one that is `kept`
    outlives a rebuild.
    """

    name: str
    purpose: str
    grain: tuple[str, ...]
    observed: tuple[str, ...]
    published: str | None
    columns: tuple[Column, ...]
    statements: Mapping[str, str]
    kept: bool = False
    granule: str | None = None
    within: tuple[tuple[str, str], ...] = ()
    touched: str = ""
    added: str | None = None
    counted: str | None = None

    @cached_property
    def kinds(self) -> dict[str, str]:
        """SQL type by column, in order."""
        return {column.name: column.kind for column in self.columns}

    @cached_property
    def schema(self) -> str:
        """The columns as CREATE TABLE wants them."""
        return ", ".join(f"{column.name} {column.kind}" for column in self.columns)

    @cached_property
    def makes(self) -> frozenset[str]:
        """The tables of `derived.state` that the statements make."""
        return frozenset(name for sql in self.statements.values() for name in _MADE.findall(sql)) | {self.name}

    @cached_property
    def reads(self) -> frozenset[str]:
        """What the statements need of `derived.state` and do not make themselves."""
        return frozenset(name for sql in self.statements.values() for name in _NAMED.findall(sql)) - self.makes

    @cached_property
    def follows(self) -> frozenset[str]:
        """The tables whose rows that moved tell which values are touched."""
        return frozenset(_MOVED.findall(self.touched)) | ({self.added} if self.added else set())


def table(file: Path) -> Table:
    """The table that `file` tells. Raises ValueError, with the line at fault, where its head is not as it must be."""
    prose, keys, columns = list[str](), dict[str, tuple[str, ...]](), list[Column]()
    for line in sql_statements.head(file).splitlines():
        if key := _KEY.match(line):
            keys[key[1]] = keys.get(key[1], ()) + tuple(word.strip() for word in key[2].split(","))
        elif column := _COLUMN.match(line):
            columns.append(Column(column[1], column[2], None if column[3] == "-" else column[3], column[4]))
        elif line.startswith(" "):
            raise ValueError(f"{file}: a column is `    name  TYPE  unit  meaning`, this is not: {line.strip()}")
        elif line:
            prose.append(line)
    grain, names = keys.get("grain", ()), [column.name for column in columns]
    if not prose or not grain or not set(grain) <= set(names) or len(set(names)) != len(names):
        raise ValueError(f"{file}: its head must say the purpose, a grain of its own columns, and each column once")
    statements = dict(sql_statements.statements(file))
    touched, granule = statements.pop("touched", ""), keys.get("granule", (None,))[0]
    if bool(touched) != bool(granule) or ("added" in keys) != ("counted" in keys):
        raise ValueError(f"{file}: a granule and the statement `touched` go together, and so do `added` and `counted`")
    published = keys.get("published", (file.stem,) if file.stem.startswith("mart_") else ())
    return Table(
        name=file.stem,
        purpose=" ".join(prose),
        grain=grain,
        observed=keys.get("observed", ()),
        published=published[0] if published else None,
        columns=tuple(columns),
        statements=statements,
        kept="kept" in keys,
        granule=granule,
        within=tuple(_placed(one) for one in keys.get("within", ())),
        touched=touched,
        added=keys.get("added", (None,))[0],
        counted=keys.get("counted", (None,))[0],
    )


def _placed(text: str) -> tuple[str, str]:
    name, _, column = text.partition(".")
    return name, column
