"""Systems that cannot be reached, or that hold us back (X7, E3)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint


def unreachable(row: Row) -> Finding:
    cause = Cause(
        "open-circuit",
        f"{row['system']} cannot be reached",
        "Calls to this system failed in a row, so the engine holds all its work and probes now and then; "
        "nothing is lost.",
        "Check the system's status, its credentials and the network; "
        "the engine goes on by itself at the first good answer.",
        row["system"],
        "none",
        "high",
        system=row["system"],
        root=True,
    )
    return Finding(
        fingerprint("open-circuit", row["system"]), cause, "system", row["system"], evidence={"reason": row["reason"]}
    )


def throttled(row: Row) -> Finding:
    cause = Cause(
        "throttled",
        f"{row['system']} holds us back",
        "The system asked us to wait, most often because a quota is used up.",
        "Wait, or ask for a larger quota if it happens again.",
        row["system"],
        "none",
        "low",
        system=row["system"],
        root=True,
    )
    return Finding(
        fingerprint("throttled", row["system"]),
        cause,
        "system",
        row["system"],
        evidence={"held_until": str(row["held_until"])},
    )


DETECTOR = Detector(
    "open_circuit",
    "Systems that cannot be reached",
    ("X7", "E3"),
    __file__,
    {"unreachable": unreachable, "throttled": throttled},
)

EXAMPLES = (
    Example(
        "an open circuit",
        {"circuits": [{"system": "netsuite", "state": "open", "reason": "connection refused"}]},
        [("open-circuit|netsuite", "netsuite", None)],
        {"reason": "connection refused"},
    ),
    Example(
        "a used-up daily quota",
        {"circuits": [{"system": "salesforce", "state": "closed", "held_until": "2026-10-01 00:00:00+00"}]},
        [("throttled|salesforce", "salesforce", None)],
    ),
    Example(
        "a short wait and a closed circuit",
        {"circuits": [{"system": "netsuite", "state": "closed", "held_until": "2026-09-30 12:00:30+00"}]},
    ),
)
