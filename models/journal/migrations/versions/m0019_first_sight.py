"""A case that opens again keeps when it was seen first beside since when it is open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_", sa.Column("first_sight", sa.BigInteger(), nullable=True))
    op.execute("UPDATE case_ SET first_sight = first_seen")


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
