"""Pauses that an owner makes of its own queue, and the indexes of the statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op

from sql.scripts import run_file

revision: Final = "0024"
down_revision: Final = "0023"
branch_labels: Final = None
depends_on: Final = None

STATEMENTS: Final = (
    """ALTER TABLE owners
        ADD COLUMN IF NOT EXISTS queue_paused_at timestamptz,
        ADD COLUMN IF NOT EXISTS queue_paused_by text""",
    "DROP INDEX CONCURRENTLY IF EXISTS jobs_made_idx",
    """CREATE INDEX CONCURRENTLY jobs_made_idx ON jobs (completed_at)
    INCLUDE (owner, model, style, created_at, dispatched_at)
    WHERE status = 'completed'""",
    "DROP INDEX CONCURRENTLY IF EXISTS prompt_generation_jobs_made_idx",
    """CREATE INDEX CONCURRENTLY prompt_generation_jobs_made_idx ON prompt_generation_jobs (completed_at)
    INCLUDE (owner) WHERE status = 'completed'""",
    "DROP INDEX CONCURRENTLY IF EXISTS submissions_charged_idx",
    """CREATE INDEX CONCURRENTLY submissions_charged_idx ON submissions (intended_at)
    INCLUDE (job_id, charged_usd, refunded_usd) WHERE charged_usd IS NOT NULL""",
)
"""As in 0003: each alone, and so that a run that is broken off can be repeated."""


def upgrade() -> None:
    """Add the columns and the indexes, outside of a transaction."""
    with op.get_context().autocommit_block():
        for statement in STATEMENTS:
            op.execute(statement)


def downgrade() -> None:
    """Drop them, unless an owner's queue is paused: it would go on, and cost."""
    run_file(Path(__file__).with_suffix(".down.sql"))
