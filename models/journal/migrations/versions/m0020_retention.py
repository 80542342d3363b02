"""What was carried leaves the journal once the lake is proven to hold it: when it left, and up to when it is proven."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_WHOLE = sa.text("pruned_at IS NULL")


def upgrade() -> None:
    op.add_column("run", sa.Column("pruned_at", sa.BigInteger(), nullable=True))
    op.add_column("event", sa.Column("pruned_at", sa.BigInteger(), nullable=True))
    op.create_index("run_by_event", "run", ["event_id"], sqlite_where=_WHOLE, postgresql_where=_WHOLE)
    for name in ("proven_at", "marked_at", "mark"):
        op.add_column("feed_consumer", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
