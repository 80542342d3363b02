"""What is looked at every moment has an index of its own: waits that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_index("run_late", "run", ["due_at"], sqlite_where=_WAITING, postgresql_where=_WAITING)


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
