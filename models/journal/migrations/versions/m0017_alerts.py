"""An outbox of alerts, and of what each audience has been told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("ring", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("road", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_wall", sa.BigInteger(), nullable=False),
        sa.Column("next_wall", sa.BigInteger(), nullable=False),
        sa.Column("tried_wall", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("alert_id"),
    )
    op.create_index("alert_pending", "alert", ["next_wall"], sqlite_where=_PENDING, postgresql_where=_PENDING)
    op.create_index("alert_made", "alert", ["audience", "made_wall"])
    op.create_index("alert_by_road", "alert", ["road", "tried_wall"])
    op.create_table(
        "alert_told",
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("episode", sa.BigInteger(), nullable=True),
        sa.Column("told_wall", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("audience", "topic"),
    )


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
