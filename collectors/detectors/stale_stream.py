"""What is not read: a stream or an extract that fails or that nobody has read for long (X18).

Its system may answer all other questions, so that no circuit opens; what it holds is older here than everybody thinks.
"""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint

CODE = "stale-stream"


def stale(row: Row) -> Finding:
    words, what = explain(CODE), f"{row['name']} of {row['system']}"
    since = f"since {row['read_at']:%Y-%m-%d %H:%M} UTC" if row["read_at"] else "ever"
    cause = Cause(
        CODE,
        f"{what} was not read {since}",
        words.explanation,
        words.next_action,
        row["system"],
        words.money_kind,
        "high",
        system=row["system"],
        root=True,
        subject=(row["kind"], row["name"]),
    )
    seen = {name: str(row[name]) for name in ("error", "read_at", "failed_at") if row[name]}
    return Finding(fingerprint(CODE, row["system"], row["kind"], row["name"]), cause, "stream", what, evidence=seen)


DETECTOR = Detector("stale_stream", "Streams and extracts that are not read", ("X18",), __file__, {"stale": stale})

_FAILS = {
    "system": "kantata",
    "stream": "time",
    "error": "bad-payload: the answer is not JSON",
    "known_at": "2026-09-01 08:00:00+00",
    "read_at": "2026-09-30 11:40:00+00",
    "failed_at": "2026-09-30 11:41:00+00",
}
_RESTS = {"system": "erp", "entity": "invoice", "version": 3, "read_at": "2026-09-30 09:00:00+00"}

EXAMPLES = (
    Example(
        "a stream that fails while its system answers",
        {"streams": [_FAILS]},
        [("stale-stream|kantata|stream|time", "time of kantata", None)],
        {"error": "bad-payload: the answer is not JSON"},
    ),
    Example(
        "an extract that nobody has taken for hours",
        {"extracts": [_RESTS]},
        [("stale-stream|erp|extract|invoice", "invoice of erp", None)],
    ),
    Example(
        "one that was never read at all",
        {"extracts": [{"system": "erp", "entity": "expense", "known_at": "2026-09-30 08:00:00+00"}]},
        [("stale-stream|erp|extract|expense", "expense of erp", None)],
    ),
    Example(
        "a moment's fault, a reading of a minute ago, and a stream that has just been set up",
        {
            "streams": [
                {**_FAILS, "failed_at": "2026-09-30 11:58:00+00"},
                {"system": "crm", "stream": "accounts", "known_at": "2026-09-30 11:00:00+00"},
            ],
            "extracts": [{**_RESTS, "read_at": "2026-09-30 11:59:00+00"}],
        },
    ),
)
