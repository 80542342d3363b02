"""Days are sealed company by company; those that were sealed before were so for all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.rename_table("sealed_day", "sealed_day_of_all")
    op.create_table(
        "sealed_day",
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("legal_entity", "day"),
    )
    op.execute("INSERT INTO sealed_day (legal_entity, day, sealed_at) SELECT '', day, sealed_at FROM sealed_day_of_all")
    op.drop_table("sealed_day_of_all")


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
