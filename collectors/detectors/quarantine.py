"""Input that nobody could read: kept, never dropped, and somebody must mend its sender (N4, S8).

A case is one sender's at one receiver: it closes a day after that sender's last refused input, whatever others send.
"""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint


def refused(row: Row) -> Finding:
    cause = Cause(
        "quarantine",
        f"Unreadable input at {row['receiver']}: {row['error_code']}",
        "A sender's input could not be read. It is kept as it came, and what was readable beside it was stored.",
        "See the reason and the content, and have the sender mend it; then have it sent again.",
        row["sender"] or "integration",
        "none",
        "low",
        system=row["sender"],
        root=True,
        subject=("receiver", row["receiver"]),
    )
    return Finding(
        fingerprint("quarantine", row["receiver"], row["sender"], row["error_code"]),
        cause,
        "quarantine",
        row["quarantine_id"],
        evidence={name: row[name] for name in ("reason", "path", "sender") if row[name]},
    )


DETECTOR = Detector("quarantine", "Input that nobody could read", ("N4", "S8"), __file__, {"refused": refused})

_PIECE = {
    "quarantine_id": "q-1",
    "receiver": "otlp/traces",
    "sender": "10.0.0.7 sdk/1",
    "error_code": "malformed",
    "reason": "line 1",
    "recorded_at": "2026-09-30 11:00:00+00",
}
_OLD = {**_PIECE, "quarantine_id": "q-0", "recorded_at": "2026-09-29 11:00:00+00"}
_CASE = "quarantine|otlp/traces|10.0.0.7 sdk/1|malformed"

EXAMPLES = (
    Example("a malformed body", {"quarantine": [_PIECE]}, [(_CASE, "q-1", None)]),
    Example(
        "two senders with one fault are two cases",
        {"quarantine": [_PIECE, {**_PIECE, "quarantine_id": "q-2", "sender": "10.0.0.8 sdk/1"}]},
        [(_CASE, "q-1", None), ("quarantine|otlp/traces|10.0.0.8 sdk/1|malformed", "q-2", None)],
    ),
    Example("nothing for more than a day, and nobody else sends", {"quarantine": [_OLD]}),
    Example(
        "another sender's input keeps no old case open",
        {"quarantine": [_OLD, {**_PIECE, "sender": "10.0.0.8 sdk/1"}]},
        [("quarantine|otlp/traces|10.0.0.8 sdk/1|malformed", "q-1", None)],
    ),
    Example(
        "the newest row of all closes no case of the last day",
        {
            "quarantine": [
                {**_PIECE, "recorded_at": "2026-09-29 13:00:00+00"},
                {**_PIECE, "quarantine_id": "q-3", "sender": "fast clock", "recorded_at": "2026-10-01 13:00:01+00"},
            ]
        },
        [(_CASE, "q-1", None), ("quarantine|otlp/traces|fast clock|malformed", "q-3", None)],
    ),
    Example("nothing was refused", {}),
)
