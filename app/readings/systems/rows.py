"""Connected systems as rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Playing:
    """A system, and the role it plays: `crm`, `erp`, `psa`, `ppm`, `hcm`, …"""

    system: str
    role: str
