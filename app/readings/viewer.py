"""Who looks: a person with roles, each in every domain or in some alone, limited to legal entities, in one environment
(G1).

A domain is the part of the business that an owner answers for. The legal entity limits what is seen and done, the
domain what is done with a role and read clear with it: what a thing misses often lies in another domain than its own.
"""

from __future__ import annotations

import getpass
import pwd
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from app.readings.rights import ROLES, Action, Question, Role, known_roles, without_effect
from models.canonical.classification import DataClass
from models.catalogue import load_catalogue
from models.settings import Settings

COMMAND_LINE = "command line"
NO_ENTITY = ("",)
"""A scope that holds no legal entity; an empty one means all."""
Things = Mapping[str, str | None]
"""What is to be done something with: the domain of each thing, by its name. None is the domain of what belongs to no
single one, and of what nobody is known to answer for: it takes a role that is held in every domain.
"""
ANYWHERE: Things = MappingProxyType({})
"""Of nothing yet: for a button or a command that does not know yet what it is to act on. What acts names its things."""
NAMED = 3
"""As many things as a refusal names."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who asks. `entities` are the legal entities they are limited to; none means all.

    `roles` are as they were granted: `operations` in every domain, `operations.people` in one alone. `mode` says how
    they are known: `oidc`, `development`, or `command line`. `environment` names the installation, as its settings do.
    No reading looks at it yet: an answer over HTTP and the audit of a clear value will say by it which installation was
    asked. `subject` is who they are where that is another word than their name: maker and checker are told apart by it.
    `without_effect` says of each of their groups that grants nothing why it does not.
    """

    name: str
    roles: frozenset[str]
    entities: tuple[str, ...] = ()
    mode: str = "oidc"
    environment: str = "sandbox"
    subject: str = ""
    without_effect: tuple[str, ...] = ()

    @property
    def actor(self) -> str:
        """The name under which the audit lake keeps what they do; `cli:` in front says that it came from a terminal."""
        return f"cli:{self.name}" if self.mode == COMMAND_LINE else self.name

    @property
    def person(self) -> str:
        """The name under which work is theirs: whoever is on a page and in a terminal has one desk."""
        return (self.subject or self.name) if self.mode == COMMAND_LINE else self.name

    @property
    def held(self) -> frozenset[str]:
        """The names of their roles, in whichever domain."""
        return frozenset(grant.partition(".")[0] for grant in self.roles)

    @property
    def bounded(self) -> bool:
        """Whether they hold a role in some domains alone."""
        return bool(self.granted_domains)

    @property
    def granted_domains(self) -> tuple[str, ...]:
        """The domains in which alone they hold a role, by name."""
        return tuple(sorted({grant.partition(".")[2] for grant in self.roles if "." in grant}))

    @property
    def clear(self) -> frozenset[DataClass]:
        """The data classes that they read clear of whatever it is: what tells of no single domain shows these alone."""
        return self.clear_in(None)

    @property
    def clear_somewhere(self) -> frozenset[DataClass]:
        """Those that they read clear of something."""
        return frozenset().union(*(ROLES[name].clear for name in self.held & ROLES.keys()))

    def clear_in(self, *domains: str | None) -> frozenset[DataClass]:
        """Those that they read clear of what belongs to all of these domains."""
        each = [frozenset().union(*(role.clear for role in self._roles_in(domain))) for domain in domains or (None,)]
        return each[0].intersection(*each[1:])

    def may_ask(self, question: Question) -> bool:
        return question.open_to(self.held)

    def may(self, action: Action, domain: str | None = None) -> bool:
        """Whether they may do this with what is of the domain; without one, with whatever it is."""
        return any(action in role.actions for role in self._roles_in(domain))

    def may_somewhere(self, action: Action) -> bool:
        return any(action in ROLES[name].actions for name in self.held & ROLES.keys())

    def domains(self, action: Action) -> tuple[str, ...]:
        """The domains in which they may do this; none where that is every one, or not one."""
        return () if self.may(action) else tuple(one for one in self.granted_domains if self.may(action, one))

    def sees(self, kind: DataClass) -> bool:
        return kind in self.clear

    def among(self, firms: Iterable[str]) -> Viewer:
        """The same person looking at these legal entities alone; those outside their own show nothing."""
        chosen = tuple(sorted(set(firms)))
        if not chosen:
            return self
        own = tuple(firm for firm in chosen if not self.entities or firm in self.entities)
        return replace(self, entities=own or NO_ENTITY)

    def why_not(self, action: Action, of: Things) -> str | None:
        """Why this person may not do this with these things, in a sentence that says whom to ask; None when they may.

        What acts names its things. ANYWHERE is for showing alone: whether there is anything they could do it with.
        """
        if not self.may_somewhere(action):
            held = ", ".join(sorted(self.roles)) or "none"
            return f"Your roles ({held}) do not include “{action}”. It needs {_either(action)}. {self.granted_by}"
        outside = {name: domain for name, domain in of.items() if not self.may(action, domain)}
        return self._beyond(action, outside) if outside else None

    def _beyond(self, action: Action, outside: Things) -> str:
        """Which things lie outside the domains in which this person may do this, and the grant that would do."""
        named = [f"{name} ({domain or 'no single domain'})" for name, domain in list(outside.items())[:NAMED]]
        more = f" and {len(outside) - NAMED:,} more" if len(outside) > NAMED else ""
        mine = " and ".join(self.domains(action))
        whole = next(role for role in ROLES if role in self.held and action in ROLES[role].actions)
        narrow = [] if None in outside.values() else sorted({f"{whole}.{domain}" for domain in outside.values()})
        return (
            f"You may “{action}” in the domain {mine} alone, and outside it is {', '.join(named)}{more}. "
            f"{self._grant(narrow, whole)}"
        )

    def _grant(self, narrow: list[str], whole: str) -> str:
        if self.mode == "oidc":
            groups = f"the group {' and '.join(f'tieout-{grant}' for grant in narrow)}, or " if narrow else ""
            every = f"{groups}{'' if narrow else 'the group '}tieout-{whole} for every domain"
            return f"Whoever keeps the groups of your identity provider can grant it: {every}."
        grants = f"{', '.join(narrow)}, or " if narrow else ""
        return f"On this machine TIEOUT_DEV_ROLES grants it: {grants}{whole} for every domain."

    @property
    def granted_by(self) -> str:
        """Who can grant this person a role, in a sentence; and what of their grants has no effect."""
        if self.mode == "oidc":
            who = (
                "Whoever keeps the groups of your identity provider can grant it: a role is the group tieout-<role>, "
                "in one domain alone tieout-<role>.<domain>."
            )
        else:
            who = "On this machine TIEOUT_DEV_ROLES names the roles."
        return " ".join([who, *self.without_effect])

    def _roles_in(self, domain: str | None) -> Iterable[Role]:
        """What they hold of things of this domain; of None, of whatever it is."""
        grants = self.roles & ({*ROLES, *(f"{name}.{domain}" for name in ROLES)} if domain else ROLES.keys())
        return [ROLES[grant.partition(".")[0]] for grant in grants]


def _either(action: Action) -> str:
    return " or ".join(name for name, role in ROLES.items() if action in role.actions)


def owner_viewer(settings: Settings) -> Viewer:
    """Who asks on the command line: the operating system's owner of the home, with TIEOUT_DEV_ROLES, all entities.

    Whoever may read the home's files has everything already, so no role is withheld from them. A home that is not
    there yet is about to belong to whoever runs the command. Where nobody signs in, they and the console's development
    user are one person.
    """
    roles, nothing = development_roles(settings)
    subject = "" if settings.oidc_metadata_url else settings.dev_user or ""
    return Viewer(_owner(settings), roles, (), COMMAND_LINE, settings.environment, subject, nothing)


def development_roles(settings: Settings) -> tuple[frozenset[str], tuple[str, ...]]:
    """What TIEOUT_DEV_ROLES grants, and why the rest of it grants nothing; the catalogue names the domains."""
    named = [part.strip() for part in settings.dev_roles.split(",")]
    domains = load_catalogue(settings).domains if "." in settings.dev_roles else frozenset[str]()
    return known_roles(named, domains=domains), without_effect(named, domains=domains)


def _owner(settings: Settings) -> str:
    if not settings.home.exists():
        return getpass.getuser()
    number = settings.home.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container often runs under a number that has no name
        return str(number)
