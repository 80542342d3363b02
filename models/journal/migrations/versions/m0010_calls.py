"""Calls of each system by day, and what the last full reading of an extract took of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_day",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("allowed", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("system", "day"),
    )
    op.add_column("extract", sa.Column("sweep_calls", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
