"""Tables of the audit lake as Arrow schemas, in the order their columns are sealed. Columns may be added at the end,
never renamed.

Every table also has `batch_id BIGINT` and `n INTEGER` in front, set by `append`: the row's place in its sealed batch.
Times are `timestamptz` in UTC; ids are lower-case hex or UUID text; JSON is text.
"""

from __future__ import annotations

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(18, 2)

SPANS = pa.schema(
    [
        ("trace_id", pa.string()),
        ("span_id", pa.string()),
        ("parent_span_id", pa.string()),
        ("name", pa.string()),
        ("service_name", pa.string()),
        ("kind", pa.int8()),
        ("start_time", TIME),
        ("end_time", TIME),
        ("duration_us", pa.int64()),
        ("status_code", pa.int8()),
        ("status_message", pa.string()),
        ("attributes", pa.string()),
        ("resource", pa.string()),
        ("scope_name", pa.string()),
        ("events", pa.string()),
        ("links", pa.string()),
        ("trace_state", pa.string()),
        ("flags", pa.int32()),
        ("recorded_at", TIME),
    ]
)

LOGS = pa.schema(
    [
        ("time", TIME),
        ("observed_time", TIME),
        ("severity_number", pa.int8()),
        ("severity_text", pa.string()),
        ("body", pa.string()),
        ("trace_id", pa.string()),
        ("span_id", pa.string()),
        ("service_name", pa.string()),
        ("attributes", pa.string()),
        ("resource", pa.string()),
        ("scope_name", pa.string()),
        ("event_name", pa.string()),
        ("recorded_at", TIME),
    ]
)

RECORDS = pa.schema(
    [
        ("record_id", pa.string()),
        ("recorded_at", TIME),
        ("occurred_at", TIME),
        ("kind", pa.string()),
        ("flow", pa.string()),
        ("flow_version", pa.int32()),
        ("step", pa.string()),
        ("attempt", pa.int32()),
        ("run_id", pa.string()),
        ("lineage_id", pa.string()),
        ("correlation_id", pa.string()),
        ("trace_id", pa.string()),
        ("span_id", pa.string()),
        ("business_key", pa.string()),
        ("system", pa.string()),
        ("entity", pa.string()),
        ("legal_entity", pa.string()),
        ("status", pa.string()),
        ("error_code", pa.string()),
        ("amount", MONEY),
        ("currency", pa.string()),
        ("actor", pa.string()),
        ("duration_us", pa.int64()),
        ("source_changed_at", TIME),
        ("body", pa.string()),
        ("sealed_amount", pa.string()),  # in place of an amount that tells a rate or a contract value
    ]
)

OBSERVATIONS = pa.schema(
    [
        ("observed_at", TIME),  # world time of the snapshot
        ("recorded_at", TIME),  # wall time
        ("snapshot_id", pa.string()),
        ("system", pa.string()),
        ("role", pa.string()),
        ("entity", pa.string()),
        ("system_id", pa.string()),
        ("key", pa.string()),
        ("legal_entity", pa.string()),
        ("present", pa.bool_()),  # false: was there before, is gone now
        ("digest", pa.string()),  # SHA-256 of `fields`; only changed rows are stored
        ("fields", pa.string()),
    ]
)

QUARANTINE = pa.schema(
    [
        ("quarantine_id", pa.string()),
        ("recorded_at", TIME),
        ("receiver", pa.string()),
        ("sender", pa.string()),
        ("error_code", pa.string()),
        ("reason", pa.string()),
        ("path", pa.string()),
        ("content", pa.string()),  # the refused bytes, base64 where they are no UTF-8, cut at 64 KiB
        ("content_bytes", pa.int64()),
    ]
)

SEALS = pa.schema(
    [
        ("writer", pa.string()),
        ("table_name", pa.string()),
        ("rows", pa.int64()),
        ("root", pa.string()),
        ("previous", pa.string()),
        ("sealed_at", TIME),
        ("number", pa.int64()),  # the writer's own number of the batch: (writer, number) makes append idempotent
        ("columns", pa.int32()),  # how many of the table's columns, in their order, the root covers
    ]
)

CHECKPOINTS = pa.schema(
    [
        ("size", pa.int64()),  # seals under the tree, in order of (batch_id, table_name)
        ("last_batch", pa.int64()),
        ("root", pa.string()),
        ("note", pa.string()),  # the signed note (C2SP tlog-checkpoint), signature included
        (
            "frontier",
            pa.string(),
        ),  # hex of the tree's perfect subtrees, so that a writer goes on without reading every seal
        ("signed_at", TIME),
    ]
)

TABLES: dict[str, pa.Schema] = {
    "spans": SPANS,
    "logs": LOGS,
    "records": RECORDS,
    "observations": OBSERVATIONS,
    "quarantine": QUARANTINE,
}
