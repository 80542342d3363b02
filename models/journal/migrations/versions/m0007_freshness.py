"""When each stream and each extract was last read, and since when it fails; what engines share of extracts and jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WALL = ("known_at", "read_at", "failed_at")


def upgrade() -> None:
    for name in _WALL:
        op.add_column("cursor", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("lease", sa.Column("turn_wall", sa.BigInteger(), nullable=True))
    op.create_table(
        "extract",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("swept_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in _WALL),
        sa.PrimaryKeyConstraint("system", "entity"),
    )


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
