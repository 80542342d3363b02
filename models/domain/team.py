"""Who must act, in words: an owner is kept as a system, a role, a flow or a team, and always read as a team (X8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_TEAMS = {
    "crm": "CRM team",
    "erp": "ERP team",
    "psa": "PSA team",
    "ppm": "Portfolio team",
    "hcm": "HR systems team",
    "finance": "Finance operations",
    "finance-operations": "Finance operations",
    "time-to-bill": "Finance operations",
    "sales-operations": "Sales operations",
    "quote-to-project": "Sales operations",
    "master-data": "Master data team",
    "integration": "Integration team",
    "intake": "Integration team",
    "tieout": "Integration team",
}


def team(owner: str, roles: Mapping[str, str]) -> str:
    """The team behind an owner; `roles` says which role each system plays. Of two systems in one role, each is named."""
    role = roles.get(owner)
    if role is None:
        return _TEAMS.get(owner, f"{owner} team")
    alike = sum(other == role for other in roles.values())
    name = _TEAMS.get(role, f"{role} team")
    return name if alike == 1 else f"{name} ({owner})"


def owners_of_teams(chosen: Iterable[str], owners: Iterable[str], roles: Mapping[str, str]) -> tuple[str, ...]:
    """The owners that read as one of the chosen teams; a choice that is an owner itself stands for its team, one that
    is neither for nobody.
    """
    asked = list(chosen)
    wanted = {*asked, *(team(one, roles) for one in asked)}
    return tuple(owner for owner in owners if team(owner, roles) in wanted) or tuple(asked)
