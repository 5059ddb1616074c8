"""Backups: which there are, so that somebody is told when the newest is too old."""

from __future__ import annotations

from typing import Final

from alembic import op

revision: Final = "0018"
down_revision: Final = "0017"
branch_labels: Final = None
depends_on: Final = None

TABLE: Final = """
    CREATE TABLE backups (
        name        text PRIMARY KEY,
        taken_at    timestamptz NOT NULL,
        verified_at timestamptz
    )
"""


def upgrade() -> None:
    """Add the table."""
    op.execute(TABLE)


def downgrade() -> None:
    """Drop it, whatever it holds: the backups themselves lie elsewhere."""
    op.execute("DROP TABLE backups")
