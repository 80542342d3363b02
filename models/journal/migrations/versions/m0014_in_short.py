"""Cases in short and the runs that set projects up have an index each, so that looking at them reads nothing else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_IN_SHORT = [
    *("active", "cause", "money_kind", "severity_rank", "occurrences", "amount_rank", "first_seen", "last_seen"),
    *("status", "severity", "flow", "system", "owner", "assignee", "legal_entity", "detector", "sla_due", "case_id"),
]
_SET_UP = sa.text("flow = 'quote-to-project' AND state IN ('settled', 'dead')")


def upgrade() -> None:
    op.create_index("case_in_short", "case_", _IN_SHORT)
    op.create_index("run_set_up", "run", ["business_key", "created_at"], sqlite_where=_SET_UP, postgresql_where=_SET_UP)


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
