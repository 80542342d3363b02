"""What an alert says. Words of detectors and vendors are left out but for names and keys; labour rates have no place.

Money is told by its kind and never added across kinds. A cost is not told at all: with the hours it tells a rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from models.ailing import Ailing
from models.alerting.inert import inert, plain
from models.domain.alert import Alert, Opening
from models.domain.audience import Audience
from models.domain.case import cause_title
from models.domain.explanations import MONEY_KINDS
from models.domain.team import Teams, team

SHOWN = 10
"""As many cases as an alert names; of the others it says how many there are."""
UNTOLD_MONEY = frozenset({"none", "cost_misposted"})
"""Kinds of money whose amounts no alert tells."""
Case = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of an installation: its reporting currency, the console's address, its teams."""

    currency: str
    console: str
    teams: Teams

    def of_cases(self, audience: Audience, opened: Sequence[Opening], gravest: Sequence[Case]) -> Alert:
        """That these cases have opened, and what the gravest of them are."""
        causes = list(dict.fromkeys(one.cause for one in opened))
        number = f"{gravest[0]['severity']} case" if len(opened) == 1 and gravest else f"{len(opened):,} cases"
        what = cause_title(causes[0]) if len(causes) == 1 else f"{len(causes)} causes"
        return self._alert("case", audience, f"{number}: {inert(what)}", gravest, len(opened), _money(opened))

    def of_day(self, audience: Audience, cases: Sequence[Case], total: int, money: Mapping[str, Decimal]) -> Alert:
        """What stands today. It is told when nothing stands, too: who hears nothing knows that nobody tells."""
        title = f"{total} open case{'s' if total != 1 else ''}" if total else "No case is open"
        return self._alert("digest", audience, title, cases, total, money)

    def of_pulse(self, audience: Audience, dead: Sequence[Ailing]) -> Alert:
        """That processes are dead, or parts of them stuck."""
        lines = [self._ailing(one, audience) for one in dead]
        title = inert(dead[0].what[:1].upper() + dead[0].what[1:]) + (f" and {len(dead) - 1} more" if dead[1:] else "")
        parts = [{"role": one.role, "part": one.part and plain(one.part), "what": plain(one.what)} for one in dead]
        text = "\n".join([*lines, f"{self.console}/operations"])
        return Alert("pulse", title, text, {"parts": parts, "link": f"{self.console}/operations"})

    def of_test(self, audience: Audience, who: str) -> Alert:
        """That somebody tries the roads."""
        text = f"{inert(who)} tries whether alerts reach {inert(audience.name)}. Nothing has happened.\n{self.console}"
        return Alert("test", "A test of alerts", text, {"asked_by": plain(who), "link": self.console})

    def _alert(
        self,
        kind: str,
        audience: Audience,
        title: str,
        cases: Sequence[Case],
        total: int,
        money: Mapping[str, Decimal],
    ) -> Alert:
        shown = cases[:SHOWN]
        sums = {name: amount for name, amount in money.items() if name not in UNTOLD_MONEY and amount}
        told = [f"{MONEY_KINDS.get(name, name)}: {amount:,.2f} {self.currency}" for name, amount in sums.items()]
        lines = [*told, *(self._line(case, audience) for case in shown)]
        if total > len(shown):
            lines.append(f"and {total - len(shown)} more: {self.console}/exceptions")
        data = {
            "cases": [self._case(case) for case in shown],
            "count": total,
            "money": [
                {"kind": name, "amount": str(amount), "currency": self.currency} for name, amount in sums.items()
            ],
            "link": f"{self.console}/exceptions",
        }
        return Alert(kind, title, "\n".join(lines), data)

    def _line(self, case: Case, audience: Audience) -> str:
        kind, amount = case["money_kind"], case["amount_reporting"]
        money = "" if kind in UNTOLD_MONEY else f", {amount:,.2f} {self.currency} {MONEY_KINDS.get(kind, kind)}"
        about = f"{inert(case['subject_entity'])} {inert(case['subject_key'])}"
        where = "".join(f", {inert(case[name])}" for name in ("system", "legal_entity") if case[name])
        records = f"{case['occurrences']} record{'s' if case['occurrences'] != 1 else ''}"
        return (
            f"{case['severity']}: {cause_title(case['cause'])}: {about}{where}: {records}{money}; "
            f"{inert(team(case['owner'], self.teams))} until {_local(case['sla_due'], audience)}; {self._link(case)}"
        )

    def _case(self, case: Case) -> dict[str, Any]:
        told = case["money_kind"] not in UNTOLD_MONEY
        return {
            "case_id": case["case_id"],
            "cause": plain(case["cause"]),
            "title": plain(cause_title(case["cause"])),
            "severity": case["severity"],
            "flow": case["flow"] and plain(case["flow"]),
            "system": case["system"] and plain(case["system"]),
            "legal_entity": case["legal_entity"] and plain(case["legal_entity"]),
            "subject": {"entity": plain(case["subject_entity"]), "key": plain(case["subject_key"])},
            "records": case["occurrences"],
            "money_kind": case["money_kind"],
            "amount": str(case["amount_reporting"]) if told else None,
            "currency": self.currency if told else None,
            "owner": plain(team(case["owner"], self.teams)),
            "opened_at": case["opened_at"].isoformat(),
            "due_at": case["sla_due"].isoformat(),
            "link": self._link(case),
        }

    def _link(self, case: Case) -> str:
        return f"{self.console}/exceptions?case={case['case_id']}"

    def _ailing(self, one: Ailing, audience: Audience) -> str:
        since = f" since {_local(one.since, audience)}" if one.since else ""
        why = f" ({inert(one.why)})" if one.why else ""
        return f"{inert(one.what)}{since}{why}: {one.so}; {one.advice.replace('`', chr(39))}"


def _money(opened: Sequence[Opening]) -> dict[str, Decimal]:
    sums: dict[str, int] = {}
    for one in opened:
        sums[one.money_kind] = sums.get(one.money_kind, 0) + one.minor
    return {kind: Decimal(minor).scaleb(-2) for kind, minor in sums.items()}


def _local(moment: datetime, audience: Audience) -> str:
    return f"{moment.astimezone(audience.zone):%Y-%m-%d %H:%M %Z}"
