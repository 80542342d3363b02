"""The journal as first published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("next_action", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("severity_rank", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("flow", sa.Text(), nullable=True),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("legal_entity", sa.Text(), nullable=True),
        sa.Column("subject_entity", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("project_key", sa.Text(), nullable=True),
        sa.Column("customer_key", sa.Text(), nullable=True),
        sa.Column("occurrences", sa.Integer(), nullable=False),
        sa.Column("money_kind", sa.Text(), nullable=False),
        sa.Column("amounts", sa.Text(), nullable=False),
        sa.Column("amount_reporting", sa.Text(), nullable=False),
        sa.Column("amount_rank", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("sla_due", sa.BigInteger(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("snoozed_until", sa.BigInteger(), nullable=True),
        sa.Column("root", sa.Integer(), nullable=False),
        sa.Column("run_ids", sa.Text(), nullable=False),
        sa.Column("trace_ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id"),
        sa.UniqueConstraint("fingerprint"),
    )
    op.create_index("case_by_age", "case_", ["active", "first_seen", "case_id"], unique=False)
    op.create_index("case_by_cause", "case_", ["cause", "active"], unique=False)
    op.create_index("case_by_customer", "case_", ["customer_key"], unique=False)
    op.create_index("case_by_due", "case_", ["active", "sla_due", "case_id"], unique=False)
    op.create_index("case_by_money", "case_", ["active", "amount_rank", "case_id"], unique=False)
    op.create_index("case_by_project", "case_", ["project_key"], unique=False)
    op.create_index("case_by_severity", "case_", ["active", "severity_rank", "amount_rank", "case_id"], unique=False)
    op.create_table(
        "case_event",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("case_event_by_case", "case_event", ["case_id", "event_id"], unique=False)
    op.create_table(
        "crosswalk",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False),
        sa.Column("canonical_id", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("system", "entity", "system_id"),
    )
    op.create_index("crosswalk_by_canonical", "crosswalk", ["entity", "canonical_id", "system"], unique=False)
    op.create_table(
        "cursor",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("system", "stream"),
    )
    op.create_table(
        "event",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("admitted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "event_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feed",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("records", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "feed_consumer",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer"),
    )
    op.create_table(
        "finding",
        sa.Column("finding_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("subject_entity", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("finding_id"),
    )
    op.create_index("finding_by_case", "finding", ["case_id", "resolved_at", "first_seen"], unique=False)
    op.create_index("finding_by_run", "finding", ["run_id"], unique=False)
    op.create_index("finding_by_subject", "finding", ["subject_key"], unique=False)
    op.create_index(
        "finding_open",
        "finding",
        ["detector"],
        unique=False,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "flow_state",
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("paused_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("flow"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until_wall", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "match_key",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("canonical_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "identity", "canonical_id"),
    )
    op.create_index("match_key_by_id", "match_key", ["entity", "canonical_id"], unique=False)
    op.create_table(
        "registry",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("canonical_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "canonical_id"),
    )
    op.create_table(
        "request",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("plan_hash", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until_wall", sa.BigInteger(), nullable=True),
        sa.Column("takes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_index("request_by_case", "request", ["case_id", "created_at"], unique=False)
    op.create_index("request_by_state", "request", ["state", "created_at"], unique=False)
    op.create_table(
        "run",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("flow_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("step_name", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=False),
        sa.Column("source_version", sa.BigInteger(), nullable=False),
        sa.Column("aggregate", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("lineage_id", sa.Text(), nullable=False),
        sa.Column("replay_of", sa.Text(), nullable=True),
        sa.Column("replay_request", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=True),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("acks", sa.Text(), nullable=True),
        sa.Column("correction", sa.Text(), nullable=True),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_field", sa.Text(), nullable=True),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("waiting_for", sa.Text(), nullable=True),
        sa.Column("waiting_because", sa.Text(), nullable=True),
        sa.Column("waiting_missing", sa.Text(), nullable=True),
        sa.Column("waiting_owner", sa.Text(), nullable=True),
        sa.Column("waiting_wall", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("source_changed_at", sa.BigInteger(), nullable=True),
        sa.Column("farewell", sa.Text(), nullable=True),
        sa.Column("farewell_at", sa.BigInteger(), nullable=True),
        sa.Column("farewell_tries", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_token", sa.BigInteger(), nullable=False),
        sa.Column("lease_until_wall", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("run_id"),
    )
    op.create_index(
        "run_claimable",
        "run",
        ["lane", "due_at", "seq"],
        unique=False,
        sqlite_where=sa.text("state IN ('ready', 'in_doubt') AND held = 0"),
        postgresql_where=sa.text("state IN ('ready', 'in_doubt') AND held = 0"),
    )
    op.create_index(
        "run_dead",
        "run",
        ["business_key", "flow"],
        unique=False,
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "run_fact",
        "run",
        ["business_key", "flow", "source_version", "event_source"],
        unique=True,
        sqlite_where=sa.text("replay_of IS NULL"),
        postgresql_where=sa.text("replay_of IS NULL"),
    )
    op.create_index(
        "run_farewell",
        "run",
        ["seq"],
        unique=False,
        sqlite_where=sa.text("farewell IN ('due', 'sending')"),
        postgresql_where=sa.text("farewell IN ('due', 'sending')"),
    )
    op.create_index(
        "run_held",
        "run",
        ["flow", "aggregate", "seq"],
        unique=False,
        sqlite_where=sa.text("held = 1"),
        postgresql_where=sa.text("held = 1"),
    )
    op.create_index(
        "run_leased",
        "run",
        ["lease_until_wall"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "run_open",
        "run",
        ["flow", "aggregate", "held"],
        unique=False,
        sqlite_where=sa.text("state IN ('ready', 'running', 'waiting', 'in_doubt')"),
        postgresql_where=sa.text("state IN ('ready', 'running', 'waiting', 'in_doubt')"),
    )
    op.create_index(
        "run_replay",
        "run",
        ["replay_of"],
        unique=False,
        sqlite_where=sa.text("replay_of IS NOT NULL"),
        postgresql_where=sa.text("replay_of IS NOT NULL"),
    )
    op.create_index(
        "run_waiting",
        "run",
        ["waiting_for"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "signal",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("changed_wall", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("what"),
    )
    op.create_table(
        "snapshot",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("system_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("system", "entity", "system_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "throttle",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("refilled_wall", sa.BigInteger(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.Column("circuit", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("probe_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("system"),
    )


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
