"""Tables of cases and requests. Times are microseconds since 1970 in world time, except `…_wall`."""

from __future__ import annotations

import sqlalchemy as sa

from models.journal.metadata import Instant, Json, metadata
from models.journal.sealing import SealedJson

IN_SHORT = (
    "active",
    "cause",
    "money_kind",
    "severity_rank",
    "occurrences",
    "amount_rank",
    "first_seen",
    "last_seen",
    "status",
    "severity",
    "flow",
    "system",
    "owner",
    "assignee",
    "legal_entity",
    "detector",
    "sla_due",
    "case_id",
)
"""What cases are filtered, ordered and summed by, side by side in one index: a case in full is fifty times as long."""

CONTRADICTED = sa.text(
    "(status = 'resolved' AND occurrences > 0) OR (active = 1) <> (status IN ('open', 'acknowledged'))"
)
"""What no honest case is: over while something of it is found, or on the list of another status than its own."""

case_ = sa.Table(
    "case_",
    metadata,
    sa.Column("case_id", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False, unique=True),
    sa.Column("detector", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("explanation", sa.Text, nullable=False),
    sa.Column("next_action", sa.Text, nullable=False),
    sa.Column("suggestion", Json),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("severity_rank", sa.Integer, nullable=False),  # 0 low … 3 critical: text does not sort by gravity
    sa.Column("floor", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("active", sa.Integer, nullable=False),  # 1 while open or acknowledged: what the triage list asks for
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("assignee", sa.Text),
    sa.Column("flow", sa.Text),
    sa.Column("system", sa.Text),
    sa.Column("legal_entity", sa.Text),
    sa.Column("subject_entity", sa.Text, nullable=False),
    sa.Column("subject_key", sa.Text, nullable=False),
    sa.Column("project_key", sa.Text),
    sa.Column("customer_key", sa.Text),
    sa.Column("occurrences", sa.Integer, nullable=False),
    sa.Column("money_kind", sa.Text, nullable=False),
    sa.Column("amounts", Json, nullable=False),
    sa.Column("amount_reporting", sa.Text, nullable=False),
    sa.Column("amount_rank", sa.BigInteger, nullable=False),  # amount_reporting in hundredths, to order and sum by
    sa.Column("first_seen", Instant, nullable=False),  # when the oldest trouble in it since it opened began
    sa.Column("last_seen", Instant, nullable=False),  # when its newest finding came
    sa.Column("opened_at", Instant, nullable=False),  # the last opening: the service time runs from here
    sa.Column("resolved_at", Instant),
    sa.Column("sla_due", Instant, nullable=False),
    sa.Column("overdue", sa.Integer, nullable=False),  # 1 once sla_due has passed: raises the severity once
    sa.Column("snoozed_until", Instant),
    sa.Column("root", sa.Integer, nullable=False),
    sa.Column("run_ids", Json, nullable=False),
    sa.Column("trace_ids", Json, nullable=False),
    sa.Column("period", sa.Text),  # the month of all its open findings, if they have one
    sa.Column("worth", Json),  # the most that was at stake since it opened: kept when it resolves
    sa.Column("worth_reporting", sa.Text),
    sa.Column("worth_rank", sa.BigInteger),  # worth_reporting in hundredths
    sa.Column("split_from", sa.Text),  # the case of several legal entities whose history comes before its own
    sa.Column("first_sight", Instant),  # when the oldest trouble that was ever in it began, however often it was over
    sa.Column("identity", sa.Text),  # of a case of release 0.1.0: see `identities.py`
    sa.Index("case_by_money", "active", "amount_rank", "case_id"),
    sa.Index("case_by_severity", "active", "severity_rank", "amount_rank", "case_id"),
    sa.Index("case_by_age", "active", "first_seen", "case_id"),
    sa.Index("case_by_due", "active", "sla_due", "case_id"),
    sa.Index("case_by_cause", "cause", "active"),
    sa.Index("case_in_short", *IN_SHORT),
    sa.Index(
        "case_in_time",
        "sla_due",
        sqlite_where=sa.text("active = 1 AND overdue = 0"),
        postgresql_where=sa.text("active = 1 AND overdue = 0"),
    ),
    sa.Index(
        "case_snoozed",
        "snoozed_until",
        sqlite_where=sa.text("snoozed_until IS NOT NULL"),
        postgresql_where=sa.text("snoozed_until IS NOT NULL"),
    ),
    sa.Index(
        "case_of_old_identity",
        "identity",
        sqlite_where=sa.text("identity IS NOT NULL"),
        postgresql_where=sa.text("identity IS NOT NULL"),
    ),
    sa.Index("case_contradicted", "case_id", sqlite_where=CONTRADICTED, postgresql_where=CONTRADICTED),
    sa.Index("case_by_project", "project_key"),
    sa.Index("case_by_customer", "customer_key"),
)

finding = sa.Table(
    "finding",
    metadata,
    sa.Column("finding_id", sa.Text, primary_key=True),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("detector", sa.Text, nullable=False),
    sa.Column("subject_entity", sa.Text, nullable=False),
    sa.Column("subject_key", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text),
    sa.Column("trace_id", sa.Text),
    sa.Column("amount", sa.Text),
    sa.Column("amount_minor", sa.BigInteger),  # hundredths, exact, so that SQL can sum
    sa.Column("currency", sa.Text),
    sa.Column("evidence", Json, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("first_seen", Instant, nullable=False),
    sa.Column("last_seen", Instant, nullable=False),
    sa.Column("resolved_at", Instant),
    sa.Column("legal_entity", sa.Text),
    sa.Column("money_kind", sa.Text),
    sa.Column("period", sa.Text),
    sa.Column("reporting_minor", sa.BigInteger),  # the amount at the rate of its own day, where it has one
    sa.Index(
        "finding_open",
        "detector",
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    ),
    sa.Index("finding_by_case", "case_id", "resolved_at", "first_seen"),
    sa.Index("finding_by_subject", "subject_key"),
    sa.Index("finding_by_run", "run_id"),
)

report = sa.Table(
    "report",
    metadata,
    sa.Column("detector", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),  # of all that it found last, or who is writing it down
)

fx_rate = sa.Table(
    "fx_rate",
    metadata,
    sa.Column("currency", sa.Text, primary_key=True),
    sa.Column("rate", sa.Text, nullable=False),  # units of the reporting currency for one unit, as last reported
)

case_event = sa.Table(
    "case_event",
    metadata,
    sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("body", SealedJson, nullable=False),
    sa.Index("case_event_by_case", "case_id", "event_id"),
)

request = sa.Table(
    "request",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", SealedJson, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("result", SealedJson),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("case_id", sa.Text),
    sa.Column("plan_hash", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("settled_at", Instant),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until_wall", Instant),
    sa.Column("takes", sa.Integer, nullable=False),
    sa.Index("request_by_state", "state", "created_at"),
    sa.Index("request_by_case", "case_id", "created_at"),
    sa.Index("request_by_plan", "plan_hash", "created_at"),
)
