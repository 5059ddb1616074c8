"""Uptime: the minutes in which the API saw the installation up."""

from __future__ import annotations

from typing import Final

from alembic import op

revision: Final = "0017"
down_revision: Final = "0016"
branch_labels: Final = None
depends_on: Final = None

TABLE: Final = """
    CREATE TABLE up_minutes (
        minute timestamptz PRIMARY KEY,
        seen   smallint NOT NULL CHECK (seen BETWEEN 1 AND 63)
    ) WITH (fillfactor = 50)
"""


def upgrade() -> None:
    """Add the table."""
    op.execute(TABLE)


def downgrade() -> None:
    """Drop it, whatever it holds: uptime is measured anew."""
    op.execute("DROP TABLE up_minutes")
