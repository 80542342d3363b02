"""What every process and each part of it did last, so that nothing looks alive that is dead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("well_at", sa.BigInteger(), nullable=True),
        sa.Column("allowed_seconds", sa.Float(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("process", "part"),
    )


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
