"""The one place that limits what is read to a viewer's legal entities (G1).

A statement names its sources and nothing of scope. For a viewer who is limited, each source it names is shadowed by
a common table expression of the same name that holds only their rows (`scope.sql`), so that no statement can forget
it. A source without a rule of its own is limited by its column `legal_entity`, and one that lacks that column fails
unless OPEN says why everybody may see it: a new mart is never open by accident. What names no legal entity is hidden
from a limited viewer, in the journal (`may_see`) as in the lake. Records and observations that name none are their
thing's where the marts know whose it is: sealed rows are never rewritten, so each reading derives it (`belonging`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from app.readings.viewer import Viewer
from models.domain.errors import TieoutError
from models.journal.cases import CaseFilter
from models.lake.read_only import sources
from models.sql_statements import statements

RULES = statements(Path(__file__).with_name("scope.sql"))
RATES = frozenset({"mart_fx", "mart_fx_history", "mart_fx_closed", "mart_state_rate"})
"""Exchange rates, which every part of the firm needs."""
WORKINGS = frozenset(
    {
        "mart_state_system",
        "mart_source",
        "mart_flow_hour",
        "mart_foreign_flow",
        "mart_foreign_hour",
        "mart_pair_lag",
        "mart_pair_window",
        "mart_replay",
        "mart_watch",
    }
)
"""How systems and flows do, all legal entities together: counts and times, never money."""
PROOF = frozenset({"seals", "checkpoints", "quarantine"})
"""What proves the records, and refused input, whose legal entity nobody could read."""
OPEN = RATES | WORKINGS | PROOF
_WITH = re.compile(r"WITH\s+(?!RECURSIVE\b)", re.IGNORECASE)


class Unscoped(TieoutError):
    """A statement names a source in a way that its scope cannot be applied to: name it plainly, without a schema."""

    code = "reading.unscoped"


def scoped(sql: str, viewer: Viewer) -> str:
    """The statement as this viewer may ask it; it takes `$entities` where they are limited, see `Viewer.entities`.

    Raises Unscoped for a source with a schema before its name, and for WITH RECURSIVE.
    """
    return _limited(sql) if viewer.entities else sql


@lru_cache(maxsize=512)
def _limited(sql: str) -> str:
    return shadowed(sql, lambda source: None if source in OPEN else _rule(source))


def shadowed(sql: str, rule: Callable[[str], str | None]) -> str:
    """The statement with each source it names in place of which `rule` has one hidden behind that; the very statement
    where there is none.

    Raises Unscoped for a source with a schema before its name, and for WITH RECURSIVE.
    """
    named = sources(sql)
    if astray := sorted(name for name in named if "." in name):
        raise Unscoped(f"{', '.join(astray)} is out of the viewer's scope: name the source without its schema")
    rules = {name: found for name in sorted(named) if (found := rule(name))}
    if not rules:
        return sql
    head = _WITH.match(sql)
    if head is None and not sql.upper().startswith("SELECT"):
        raise Unscoped("a reading begins with SELECT or WITH, so that its sources can be limited to the viewer's scope")
    limited = ", ".join(f"{name} AS NOT MATERIALIZED ({found})" for name, found in rules.items())
    return f"WITH {limited}" + (f", {sql[head.end() :]}" if head else f" {sql}")


def within(viewer: Viewer, where: CaseFilter) -> CaseFilter:
    """A question to the journal about cases, never wider than the viewer's legal entities: one that names only others
    is asked of the viewer's.
    """
    mine = tuple(one for one in where.legal_entities if may_see(viewer, one))
    return replace(where, legal_entities=mine or viewer.entities)


def may_see(viewer: Viewer, legal_entity: str | None) -> bool:
    """Whether a case or a run of the journal may be seen; as in `scope.sql`, one that names no legal entity is hidden
    from who is limited to some.
    """
    return not viewer.entities or legal_entity in viewer.entities


def _rule(source: str) -> str:
    belonging = RULES["belonging"]
    owned = RULES["owned"].format(belonging=belonging)
    return (RULES.get(source) or RULES["own"]).format(source=source, belonging=belonging, owned=owned)
