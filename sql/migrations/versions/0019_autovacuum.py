"""Autovacuum of the large tables that change most: at 2 % of their rows instead of 20 %."""

from __future__ import annotations

from typing import Final

from alembic import op

revision: Final = "0019"
down_revision: Final = "0018"
branch_labels: Final = None
depends_on: Final = None

TABLES: Final = ("jobs", "prompt_generation_jobs", "submissions", "bills", "idempotency_keys")


def upgrade() -> None:
    """Set it. This waits for no reader and no writer."""
    for table in TABLES:
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)"
        )


def downgrade() -> None:
    """Leave it to the server's settings again."""
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)")
