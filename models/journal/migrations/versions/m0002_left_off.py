"""Where a stream stood when it was begun again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cursor", sa.Column("left_off", sa.Text(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
