"""What every canonical object is: a frozen value with a schema name and version."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

Hours = Annotated[Decimal, Field(max_digits=12, decimal_places=6)]
"""Minutes are not hundredths of an hour: rounded to those, 35 minutes would lose cents."""
Share = Annotated[Decimal, Field(ge=0, le=1)]


class Canonical(BaseModel):
    """A frozen value with a schema name and version; unknown fields are refused so that drift shows (S8)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    entity: ClassVar[str]
    version: ClassVar[int] = 1


class SystemRef(Canonical):
    """An object by a vendor's own id, e.g. ("kantata", "project", "123")."""

    entity: ClassVar[str] = "system_ref"
    system: str
    kind: str
    id: str
