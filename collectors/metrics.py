"""The collector's own measures."""

from __future__ import annotations

from collectors.pipeline.pipeline import Pipeline
from models.measures import Measure, by_label


def pipeline_measures(pipeline: Pipeline) -> list[Measure]:
    """What came in, what became of it, and what waits."""
    stored, refused, requests, size = pipeline.tally.counts()
    answered = [({"receiver": name, "status": str(status)}, count) for (name, status), count in requests.items()]
    return [
        Measure("tieout_rows_accepted_total", "Rows made durable, by table", by_label("table", stored)),
        Measure("tieout_items_refused_total", "Items refused and kept in quarantine", by_label("receiver", refused)),
        Measure("tieout_requests_total", "Requests answered, by status", answered),
        Measure("tieout_request_bytes_total", "Bytes of bodies answered", by_label("receiver", size)),
        Measure("tieout_spool_bytes", "Acknowledged and not yet in the lake", by_label("lane", pipeline.waiting_bytes)),
        Measure("tieout_spool_limit_bytes", "Spool at which senders wait, by lane", [({}, pipeline.spool_limit)]),
        Measure(
            "tieout_lag_seconds", "Age of the oldest rows not yet in the lake", by_label("lane", pipeline.lag_seconds)
        ),
        Measure("tieout_intake_bytes", "Bodies that are not answered yet", by_label("lane", pipeline.intake_bytes)),
    ]
