"""Who must act, in words: an owner is kept as a system, a role, a flow or a team, and always read as a team (X8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Teams:
    """`names` gives the team of each owner, `roles` the role that each system plays, `domains` the part of the business
    that each owner's team answers for: one that is not in there answers for none.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)

    def playing(self, roles: Mapping[str, str]) -> Teams:
        """The same teams where these systems play these roles."""
        return replace(self, roles=roles)


def team(owner: str, teams: Teams) -> str:
    """The team behind an owner. Of two systems in one role, each is named."""
    role = teams.roles.get(owner)
    if role is None:
        return teams.names.get(owner, f"{owner} team")
    alike = sum(other == role for other in teams.roles.values())
    name = teams.names.get(role, f"{role} team")
    return name if alike == 1 else f"{name} ({owner})"


def domain(owner: str | None, teams: Teams) -> str | None:
    """The domain that an owner answers for; that of a system is its role's. None where nobody said one."""
    return teams.domains.get(teams.roles.get(owner or "", owner or ""))


def owners_of_teams(chosen: Iterable[str], owners: Iterable[str], teams: Teams) -> tuple[str, ...]:
    """The owners that read as one of the chosen teams; a choice that is an owner itself stands for its team, one that
    is neither for nobody.
    """
    asked = list(chosen)
    wanted = {*asked, *(team(one, teams) for one in asked)}
    return tuple(owner for owner in owners if team(owner, teams) in wanted) or tuple(asked)
