"""What Kantata's ids stand for: charge codes in titles of stories, project codes and worker numbers in references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Raw = Mapping[str, Any]
CODE = re.compile(r"^[A-Z][A-Z0-9]*(-?\d[\w.-]*)?$")


@dataclass(slots=True)
class Names:
    """What the ids of a page stand for, looked up once for the whole page."""

    codes: dict[str, str] = field(default_factory=dict)
    """Story id -> charge code: the text of its title before the first blank."""
    projects: dict[str, str] = field(default_factory=dict)
    workers: dict[str, str] = field(default_factory=dict)
    legal_entity: str | None = None

    def include(self, older: Names) -> bool:
        """Whether every older name still stands; new ones may have come."""
        return all(
            mine.get(key) == name
            for mine, theirs in (
                (self.codes, older.codes),
                (self.projects, older.projects),
                (self.workers, older.workers),
            )
            for key, name in theirs.items()
        )


def first_word(title: str) -> str:
    """The text before the first blank: in titles, the code."""
    return title.split(" ", 1)[0]


def project_code(workspace: Raw, references: list[Raw]) -> str | None:
    """The project code of a workspace: our external reference, else its title's first word where that looks like a
    code.
    """
    for row in references:
        if row.get("service_model") == "project":
            return str(row["service_model_ref"])
    word = first_word(str(workspace.get("title") or ""))
    return word if CODE.match(word) else None


def worker_number(references: list[Raw]) -> str | None:
    """The worker number in a user's references: our own row wins over those of other services."""
    rows = sorted(references, key=lambda row: row.get("service_name") != "tieout")
    return str(rows[0]["service_model_ref"]) if rows else None
