"""What did not arrive: flows, ours and others', of which nothing came, or far too little, held against their own past
(X7, C9). `mart_volume` says by which formula, and what is given away so that nothing is called silent too early.

That a source cannot be read, an engine is dead or a run does not end is told by other cases: what was not read is not
counted as silent, and what lasts too long is left to `lag-breach`. While what came waits on its way into the lake, a
stuck feed say, nothing is asked: no case opens and none closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from collectors.detectors.contract import Detector, Example, Row
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint

CODE = "silent-flow"
SINCE = ("missed", "missed_low", "missed_high")
OF_A_DAY = ("expected", "low", "high")
"""What was to be expected since the last arrival, and in the last 24 hours: the median and its range."""


def silent(row: Row) -> Finding:
    """Nothing came since the last arrival. The confidence is how likely such hours bring something, by Laplace's rule
    of succession on the comparable weeks; it says nothing of why.
    """
    since = _told(row["last_at"], row)
    came = (
        f"Nothing came since {since}. Between {_told(row['missed_from'], row)} and {_told(row['missed_until'], row)} "
        f"{_expected(row, SINCE)} were to be expected: {row['with_any']} of {row['comparable']} comparable weeks "
        f"brought something, so with a confidence of {row['confidence']:.0%} it is no chance."
    )
    seen = {
        "silent_since": row["last_at"].isoformat(),
        "expected": _expected(row, SINCE),
        "came": 0,
        "window": _window(row["missed_from"], row["missed_until"]),
        "comparable": row["comparable"],
        "with_any": row["with_any"],
        "confidence": f"{row['confidence']:.3f}",
    }
    return _finding(row, f"{_what(row)} has been silent since {since}", came, "high", row["last_at"], seen)


def few(row: Row) -> Finding:
    """Something comes still, far less than ever in these hours of the week."""
    came = (
        f"In the 24 hours before {_told(row['until_at'], row)} {row['came']:,} came, and {_expected(row, OF_A_DAY)} "
        f"were to be expected by {row['weeks']} comparable weeks: less than a quarter of the least of them."
    )
    seen = {"expected": _expected(row, OF_A_DAY), "came": row["came"], "until": row["until_at"].isoformat()}
    return _finding(row, f"{_what(row)} brings far too little", came, "medium", None, seen)


def _finding(row: Row, title: str, told: str, floor: str, since: datetime | None, seen: dict[str, Any]) -> Finding:
    words = explain(CODE)
    first = f"Follow {row['runbook']}. " if row["runbook"] else ""
    cause = Cause(
        CODE,
        title,
        told,
        f"{first}{words.next_action}",
        row["owner"] or "integration",
        words.money_kind,
        floor,
        flow=row["flow"],
        system=row["system"] or None,
        root=True,
    )
    return Finding(
        fingerprint(CODE, row["flow"], row["system"], row["instance"]),
        cause,
        "flow",
        row["flow"],
        since=since,
        legal_entity=row["legal_entity"] or None,
        evidence={**seen, "zone": row["zone"]},
    )


def _what(row: Row) -> str:
    engine = f" ({row['instance']})" if row["instance"] else ""
    company = f" for {row['legal_entity']}" if row["legal_entity"] and not row["whole"] else ""
    return f"{row['flow']} from {row['system'] or 'its source'}{engine}{company}"


def _expected(row: Row, names: Sequence[str]) -> str:
    """`42 (30 to 55)`: the median, and what all but a tenth of the weeks brought at least and at most."""
    middle, low, high = (row[name] for name in names)
    return f"{middle:,.0f} ({low:,.0f} to {high:,.0f})"


def _told(moment: datetime, row: Row) -> str:
    return f"{moment.astimezone(ZoneInfo(row['zone'])):%a %d %b %H:%M} {row['zone']}"


def _window(since: datetime, until: datetime) -> str:
    return f"{since:%Y-%m-%dT%H:%MZ}/{until:%Y-%m-%dT%H:%MZ}"


DETECTOR = Detector(
    "silent_flow",
    "Flows of which nothing, or far too little, came",
    ("X7", "C9"),
    __file__,
    {"silent": silent, "few": few},
    absence=True,
)

_SILENT = {
    "flow": "time-to-bill",
    "system": "kantata",
    "instance": "",
    "legal_entity": "",
    "whole": True,
    "zone": "Europe/Berlin",
    "state": "silent",
    "last_at": "2026-09-30 08:12:00+00",
    "until_at": "2026-09-30 12:00:00+00",
    "came": 60,
    "expected": 240.0,
    "low": 200.0,
    "high": 300.0,
    "weeks": 12,
    "missed": 42.0,
    "missed_low": 30.0,
    "missed_high": 55.0,
    "missed_from": "2026-09-30 09:00:00+00",
    "missed_until": "2026-09-30 12:00:00+00",
    "comparable": 12,
    "with_any": 12,
    "confidence": 13 / 14,
}
_COMPANY = {**_SILENT, "legal_entity": "NOV-US", "whole": False, "zone": "America/New_York"}
_ELSEWHERE = {**_SILENT, "flow": "n8n/Invoices", "system": "n8n"}
_RUNS = {"flow": "n8n/Invoices", "system": "n8n", "instance": "", "owner": "finance-operations", "allowed_s": 3600.0}
_CASE = ("silent-flow|time-to-bill|kantata|-", "time-to-bill", None)

EXAMPLES = (
    Example(
        "nothing for three hours that never were without: one case, whatever companies are silent with it",
        {"mart_volume": [_SILENT, _COMPANY]},
        [_CASE],
        {"expected": "42 (30 to 55)", "confidence": "0.929", "silent_since": "2026-09-30T08:12:00+00:00"},
    ),
    Example(
        "one company is silent while the others are not",
        {"mart_volume": [{**_SILENT, "state": "usual"}, _COMPANY]},
        [_CASE],
    ),
    Example(
        "far too little: not silence, and told of the whole",
        {"mart_volume": [{**_SILENT, "state": "few"}, {**_COMPANY, "state": "few"}]},
        [_CASE],
        {"expected": "240 (200 to 300)", "came": 60},
    ),
    Example(
        "a flow that others run, with its owner",
        {"mart_volume": [_ELSEWHERE], "mart_foreign_flow": [{**_RUNS, "running": 0}]},
        [("silent-flow|n8n/Invoices|n8n|-", "n8n/Invoices", None)],
    ),
    Example(
        "a run of it does not end, so that no other begins: that is its case",
        {
            "mart_volume": [_ELSEWHERE],
            "mart_foreign_flow": [{**_RUNS, "running": 1, "running_since": "2026-09-30 08:12:00+00"}],
        },
    ),
    Example(
        "what comes as it does, and what nobody has seen for long enough",
        {"mart_volume": [{**_SILENT, "state": "usual"}, {**_ELSEWHERE, "state": "learning"}]},
    ),
)
