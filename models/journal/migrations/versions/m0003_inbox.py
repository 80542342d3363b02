"""The inbox; and the on-dead notice of a run is called what it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NOTICE = (("farewell", "notice"), ("farewell_at", "notice_at"), ("farewell_tries", "notice_tries"))
_DUE = sa.text("notice IN ('due', 'sending')")


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("admitted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("source", "item_id"),
        sqlite_autoincrement=True,
    )
    waiting = sa.text("admitted_at IS NULL")
    op.create_index("inbox_waiting", "inbox", ["position"], sqlite_where=waiting, postgresql_where=waiting)
    op.drop_index("run_farewell", "run")
    for before, after in _NOTICE:
        op.execute(sa.text(f"ALTER TABLE run RENAME COLUMN {before} TO {after}"))
    op.create_index("run_notice", "run", ["seq"], sqlite_where=_DUE, postgresql_where=_DUE)


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
