"""What each cause and error code means in plain words, what to do next, and what kind of money hangs on it (X8, X14).

Each code has a page in `causes/<code>.md`, the one place of its words: the case shows them to a person who knows the
business and not the software, `tieout explain <code>` prints the page. Whatever a flow, a connector or a detector may
say has one; contract tests hold them to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast, get_args

MoneyKind = Literal["billing_blocked", "sold_not_set_up", "revenue_at_risk", "cost_misposted", "none"]
MONEY_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "billing_blocked": "billing blocked",  # work that is done and cannot be billed
        "sold_not_set_up": "sold and not set up",  # contract value on which nobody can work yet
        "revenue_at_risk": "revenue at risk",
        "cost_misposted": "cost misposted",
        "none": "no money at stake",
    }
)
"""Kinds of money in words, in the order in which they are told. Amounts of two kinds are never added."""

PAGES = Path(__file__).with_name("causes")
_PAGE = re.compile(
    r"# (?P<title>.+)\n\n`(?P<code>[^`]+)` · money: (?P<money>[a-z ]+)\n\n"
    r"## What was detected\n\n(?P<detected>.+?)\n\n## What to do\n\n(?P<action>.+?)\n\n"
    r"## Common mistakes\n\n(?P<mistakes>- .+?)\n",
    re.S,
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Words of one code. `next_action` is an instruction; `money_kind` says what the amount at stake is."""

    title: str
    explanation: str
    next_action: str
    money_kind: MoneyKind = "billing_blocked"
    mistakes: tuple[str, ...] = ()


def read_page(text: str, code: str) -> Explanation:
    """The words of a page.

    Raises ValueError for a page without its four parts, of another code, or with a kind of money nobody knows.
    """
    found = _PAGE.fullmatch(text)
    if found is None or found["code"] != code:
        raise ValueError(f"the page of {code!r} needs its title, its code with the kind of money, and three parts")
    money = found["money"].replace(" ", "_")
    if money not in get_args(MoneyKind):
        raise ValueError(f"the page of {code!r} names money {money!r}: use one of {', '.join(get_args(MoneyKind))}")
    mistakes = tuple(_line(one) for one in re.split(r"^- ", found["mistakes"], flags=re.M) if one)
    return Explanation(
        found["title"], _line(found["detected"]), _line(found["action"]), cast(MoneyKind, money), mistakes
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def page_of(code: str) -> Path | None:
    """The file of a code's page, None for a code without one."""
    return PAGES / f"{code}.md" if code in EXPLANATIONS else None


EXPLANATIONS: Mapping[str, Explanation] = MappingProxyType(
    {path.stem: read_page(path.read_text(encoding="utf-8"), path.stem) for path in sorted(PAGES.glob("*.md"))}
)

_OTHER = Explanation(
    "The step was refused",
    "A system refused the record with a code that has no explanation yet.",
    "Read the message in the case, mend the cause, then replay.",
)


def explain(code: str | None) -> Explanation:
    """The words for a code; for a code nobody described, words that point to the message."""
    return EXPLANATIONS.get(code or "", _OTHER)
