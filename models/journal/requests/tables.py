"""The table of what a second person must agree to. Times are microseconds since 1970 in world time."""

from __future__ import annotations

import sqlalchemy as sa

from models.journal.metadata import Instant, Json, metadata
from models.journal.sealing import SealedJson

approval = sa.Table(
    "approval",
    metadata,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("content", SealedJson, nullable=False),  # exactly what is asked for, and what it was about at that moment
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("because", Json, nullable=False),  # why it takes two: sentences
    sa.Column("thing", sa.Text),  # what it is about, where only one request at a time may be about it
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked_as", sa.Text, nullable=False),  # who that is, by which two people are told apart
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("decision", sa.Text),  # approved, refused, withdrawn, expired; null while it waits
    sa.Column("decided_by", sa.Text),
    sa.Column("decided_as", sa.Text),
    sa.Column("decided_at", Instant),
    sa.Column("words", sa.Text),
    sa.CheckConstraint("decision <> 'approved' OR decided_as <> asked_as", name="approved_by_two"),
    sa.Index(
        "approval_waits",
        "expires_at",
        sqlite_where=sa.text("decision IS NULL"),
        postgresql_where=sa.text("decision IS NULL"),
    ),
    sa.Index(
        "approval_of_thing",
        "thing",
        unique=True,
        sqlite_where=sa.text("decision IS NULL AND thing IS NOT NULL"),
        postgresql_where=sa.text("decision IS NULL AND thing IS NOT NULL"),
    ),
)
