"""How far events have gone out to each message broker, and those that a broker did not take."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_AGAIN = sa.text("again_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "outlet",
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("broker"),
    )
    op.create_table(
        "unsent",
        sa.Column("broker", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=False),
        sa.Column("again_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("broker", "source", "event_id"),
    )
    op.create_index("unsent_again", "unsent", ["broker"], sqlite_where=_AGAIN, postgresql_where=_AGAIN)


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
