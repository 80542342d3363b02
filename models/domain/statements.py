"""How statements of actuals are called: what they are of, and which revision they are (F10, E1).

The parts of fixed form come first, so that no project code, whatever it holds, reads like another one's.
"""

from __future__ import annotations

import re

_REVISION = re.compile(r"^r\d+:")


def statement_of(first: str, currency: str, legal_entity: str, project_code: str) -> str:
    """What all revisions share: `2026-11-01:EUR:NOV-DE:PRJ-1001`, by the first day of the accounting period."""
    return f"{first}:{currency}:{legal_entity}:{project_code}"


def revision_id(statement: str, revision: int) -> str:
    """The portfolio's `sourceId` of one revision, counted from 1: `r2:2026-11-01:EUR:NOV-DE:PRJ-1001`."""
    if revision < 1:
        raise ValueError(f"revisions of {statement} count from 1, not {revision}")
    return f"r{revision}:{statement}"


def statement_key(source_id: str) -> str:
    """What a revision is of; the id itself where it is none of ours."""
    return _REVISION.sub("", source_id)


def progress_id(first: str, project_code: str) -> str:
    """The portfolio's `sourceId` of a project's progress in a period: `2026-11-01:PRJ-1001`."""
    return f"{first}:{project_code}"
