"""Work that takes longer than its flow promises, and approved work that never arrived (X7, X12)."""

from __future__ import annotations

from collectors.detectors.contract import Detector, Example, Row, item_finding
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import TIME_TO_BILL


def late(row: Row) -> Finding:
    """A flow whose oldest run for one company is late: each company is told of its own."""
    hours, allowed = row["age_s"] / 3600, row["allowed_s"] / 3600
    cause = Cause(
        "lag-breach",
        f"{row['flow']} is late",
        f"The flow promises {allowed:g} h from source to target; its oldest run is far beyond that.",
        "See whether a system is throttled or its circuit open, and whether the flow is paused; then add workers.",
        "integration",
        "none",
        "medium",
        flow=row["flow"],
        root=True,
    )
    return Finding(
        fingerprint("lag-breach", row["flow"]),
        cause,
        "flow",
        row["flow"],
        since=row["oldest"],
        run_id=row["run_id"],
        legal_entity=row["legal_entity"],
        evidence={"oldest_days": int(hours // 24), "runs_scale": len(str(row["runs"]))},
    )


def unaccounted(row: Row) -> Finding:
    """An approved entry that nothing accounts for."""
    cause = Cause(
        "unaccounted",
        f"Approved work on {row['project_key'] or 'no project'} never arrived",
        "The PSA shows these entries as approved, no event of them ever came, and the ERP has no posting.",
        "Have the PSA send them again: reopen and approve the entries, or run the catch-up import.",
        row["source_system"] or "psa",
        "billing_blocked",
        "high",
        flow=TIME_TO_BILL,
        system=row["source_system"],
        root=True,
        subject=("project", row["project_key"]),
    )
    return item_finding(row, fingerprint("unaccounted", row["source_system"], row["project_key"]), cause)


DETECTOR = Detector(
    "lag_breach",
    "Flows that are late, and work that never arrived",
    ("X7", "X12"),
    __file__,
    {"late": late, "unaccounted": unaccounted},
)

_ENTRY = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1001",
    "billable": True,
    "bill_amount": "100.00",
    "currency": "EUR",
    "state": "moving",
    "blocker": "in-flight",
    "source_system": "kantata",
    "approved_at": "2026-09-30 02:00:00+00",
}

EXAMPLES = (
    Example(
        "a run that is ready since yesterday",
        {
            "open_runs": [
                {"run_id": "r", "flow": "time-to-bill", "state": "ready", "source_changed_at": "2026-09-29 11:00:00+00"}
            ]
        },
        [("lag-breach|time-to-bill", "time-to-bill", None)],
    ),
    Example(
        "late for two companies, in time for a third: each that waits is told of its own",
        {
            "open_runs": [
                {
                    "run_id": firm,
                    "flow": "time-to-bill",
                    "state": "ready",
                    "legal_entity": firm,
                    "source_changed_at": f"2026-09-{day} 11:00:00+00",
                }
                for firm, day in (("NOV-DE", 28), ("NOV-UK", 29), ("NOV-US", 30))
            ]
        },
        [("lag-breach|time-to-bill", "time-to-bill", None)] * 2,
    ),
    Example(
        "each flow is held to its own promise",
        {
            "open_runs": [
                {
                    "run_id": "r",
                    "flow": "time-to-bill",
                    "state": "ready",
                    "source_changed_at": "2026-09-30 07:00:00+00",
                },
                {
                    "run_id": "s",
                    "flow": "quote-to-project",
                    "state": "ready",
                    "source_changed_at": "2026-09-30 07:00:00+00",
                },
                {"run_id": "t", "flow": "master-data", "state": "ready", "source_changed_at": "2026-09-30 11:20:00+00"},
            ]
        },
        [("lag-breach|quote-to-project", "quote-to-project", None), ("lag-breach|master-data", "master-data", None)],
    ),
    Example(
        "approved ten hours ago and nowhere to be found",
        {"mart_work": [_ENTRY]},
        [("unaccounted|kantata|PRJ-1001", "TE-kantata-1", "100.00")],
    ),
    Example(
        "a flow that others run failed at it: its case",
        {"mart_work": [_ENTRY], "mart_foreign_failure": [{"item_key": "TE-kantata-1"}]},
    ),
    Example(
        "its event came, the ERP's snapshot is only late",
        {"mart_work": [_ENTRY], "records": [{"kind": "source_event", "business_key": "time_entry:TE-kantata-1"}]},
    ),
    Example(
        "dead and waiting runs have their own cases, and what came an hour ago is in time",
        {
            "open_runs": [
                {"run_id": "r", "flow": "time-to-bill", "state": "dead", "source_changed_at": "2026-09-01 12:00:00+00"},
                {
                    "run_id": "s",
                    "flow": "time-to-bill",
                    "state": "ready",
                    "source_changed_at": "2026-09-30 11:00:00+00",
                },
            ],
            "mart_work": [{**_ENTRY, "approved_at": "2026-09-30 11:00:00+00"}],
        },
    ),
)
