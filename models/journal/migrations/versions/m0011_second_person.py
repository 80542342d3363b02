"""What a second person must agree to, the rates by which that is weighed, and how a write-off ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_WAITS = "decision IS NULL"


def _partial(name: str, table: str, column: str, where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    op.create_table(
        "approval",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_as", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_as", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint("decision <> 'approved' OR decided_as <> asked_as", name="approved_by_two"),
        sa.PrimaryKeyConstraint("request_id"),
    )
    _partial("approval_waits", "approval", "expires_at", _WAITS)
    _partial("approval_of_thing", "approval", "thing", f"{_WAITS} AND thing IS NOT NULL", unique=True)
    op.create_index("request_by_plan", "request", ["plan_hash", "created_at"])
    op.create_table(
        "fx_rate",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("currency"),
    )
    op.execute("DELETE FROM report WHERE detector = ''")  # the rates are reported anew, and kept
    for name, kind in (("request_id", sa.Text()), ("reversal_id", sa.Text()), ("reversed_at", sa.BigInteger())):
        op.add_column("write_off", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
