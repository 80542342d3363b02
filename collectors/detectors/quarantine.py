"""Input that nobody could read: kept, never dropped, and somebody must mend its sender (N4, S8)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint


def refused(row: Row) -> Finding:
    cause = Cause(
        "quarantine", f"Unreadable input at {row['receiver']}: {row['error_code']}",
        "A sender's input could not be read. It is kept as it came, and what was readable beside it was stored.",
        "See the reason and the content, and have the sender mend it; then have it sent again.", row["sender"] or "integration",
        "none", "low", system=row["sender"], root=True, subject=("receiver", row["receiver"]),
    )  # fmt: skip
    return Finding(
        fingerprint("quarantine", row["receiver"], row["error_code"]), cause, "quarantine", row["quarantine_id"],
        evidence={name: row[name] for name in ("reason", "path", "sender") if row[name]},
    )  # fmt: skip


DETECTOR = Detector("quarantine", "Input that nobody could read", ("N4", "S8"), __file__, {"refused": refused})

EXAMPLES = (
    Example("a malformed body", {"quarantine": [{"quarantine_id": "q-1", "receiver": "otlp/traces", "error_code": "json", "reason": "line 1",
                                                 "recorded_at": "2026-09-30 11:00:00+00"}]},
            [("quarantine|otlp/traces|json", "q-1", None)]),
    Example("older than a day beside a newer one of another kind",
            {"quarantine": [{"quarantine_id": "q-1", "receiver": "otlp/traces", "error_code": "json", "recorded_at": "2026-09-28 11:00:00+00"},
                            {"quarantine_id": "q-2", "receiver": "observations", "error_code": "observation", "recorded_at": "2026-09-30 11:00:00+00"}]},
            [("quarantine|observations|observation", "q-2", None)]),
    Example("nothing was refused", {}),
)  # fmt: skip
