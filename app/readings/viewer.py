"""Who looks: a person with roles, limited to legal entities, in one environment (G1)."""

from __future__ import annotations

import getpass
import pwd
from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.readings.rights import ROLES, Action, Question, Role, known_roles
from models.canonical.classification import DataClass
from models.settings import Settings

COMMAND_LINE = "command line"
NO_ENTITY = ("",)
"""A scope that holds no legal entity; an empty one means all."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who asks. `entities` are the legal entities they are limited to; none means all.

    `mode` says how they are known: `oidc`, `development`, or `command line`. `environment` names the installation, as
    its settings do. No reading looks at it yet: an answer over HTTP and the audit of a clear value will say by it which
    installation was asked. `subject` is who they are where that is another word than their name: maker and checker are
    told apart by it.
    """

    name: str
    roles: frozenset[str]
    entities: tuple[str, ...] = ()
    mode: str = "oidc"
    environment: str = "sandbox"
    subject: str = ""

    @property
    def actor(self) -> str:
        """The name under which the audit lake keeps what they do; `cli:` in front says that it came from a terminal."""
        return f"cli:{self.name}" if self.mode == COMMAND_LINE else self.name

    @property
    def person(self) -> str:
        """The name under which work is theirs: whoever is on a page and in a terminal has one desk."""
        return (self.subject or self.name) if self.mode == COMMAND_LINE else self.name

    @property
    def clear(self) -> frozenset[DataClass]:
        return frozenset().union(*(role.clear for role in self._held()))

    def may_ask(self, question: Question) -> bool:
        return question.open_to(self.roles)

    def may(self, action: Action) -> bool:
        return any(action in role.actions for role in self._held())

    def sees(self, kind: DataClass) -> bool:
        return kind in self.clear

    def among(self, firms: Iterable[str]) -> Viewer:
        """The same person looking at these legal entities alone; those outside their own show nothing."""
        chosen = tuple(sorted(set(firms)))
        if not chosen:
            return self
        own = tuple(firm for firm in chosen if not self.entities or firm in self.entities)
        return replace(self, entities=own or NO_ENTITY)

    def why_not(self, action: Action) -> str | None:
        """Why this person's button is disabled, in a sentence that says whom to ask; None when they may."""
        if self.may(action):
            return None
        held = ", ".join(sorted(self.roles)) or "none"
        return f"Your roles ({held}) do not include “{action}”. It needs {_either(action)}. {self.granted_by}"

    @property
    def granted_by(self) -> str:
        """Who can grant this person a role, in a sentence."""
        if self.mode == "oidc":
            return "Whoever keeps the groups of your identity provider can grant it: a role is the group tieout-<role>."
        return "On this machine TIEOUT_DEV_ROLES names the roles."

    def _held(self) -> Iterable[Role]:
        return (ROLES[name] for name in self.roles if name in ROLES)


def _either(action: Action) -> str:
    return " or ".join(name for name, role in ROLES.items() if action in role.actions)


def owner_viewer(settings: Settings) -> Viewer:
    """Who asks on the command line: the operating system's owner of the home, with TIEOUT_DEV_ROLES, all entities.

    Whoever may read the home's files has everything already, so no role is withheld from them. A home that is not
    there yet is about to belong to whoever runs the command. Where nobody signs in, they and the console's development
    user are one person.
    """
    roles = known_roles(part.strip() for part in settings.dev_roles.split(","))
    subject = "" if settings.oidc_metadata_url else settings.dev_user or ""
    return Viewer(_owner(settings), roles, (), COMMAND_LINE, settings.environment, subject)


def _owner(settings: Settings) -> str:
    if not settings.home.exists():
        return getpass.getuser()
    number = settings.home.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container often runs under a number that has no name
        return str(number)
