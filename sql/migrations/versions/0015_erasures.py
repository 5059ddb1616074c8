"""What is erased, and the indexes that find an owner's rows and a job's webhooks, made while everything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op

from sql.scripts import run_file

revision: Final = "0015"
down_revision: Final = "0014"
branch_labels: Final = None
depends_on: Final = None

INDEXES: Final = (
    "DROP INDEX CONCURRENTLY IF EXISTS prompt_generation_jobs_owner_idx",
    """CREATE INDEX CONCURRENTLY prompt_generation_jobs_owner_idx
    ON prompt_generation_jobs (owner, created_at DESC, id DESC) WHERE job_id IS NULL""",
    "DROP INDEX CONCURRENTLY IF EXISTS webhook_deliveries_job_id_idx",
    "CREATE INDEX CONCURRENTLY webhook_deliveries_job_id_idx ON webhook_deliveries (job_id)",
)
"""As in 0003: each alone, and dropped before it is made. They come first, so that a run that is broken off changes no
table and can be repeated."""


def upgrade() -> None:
    """Make the indexes, outside of a transaction, then the columns and tables."""
    with op.get_context().autocommit_block():
        for statement in INDEXES:
            op.execute(statement)
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop them, unless something is erased."""
    run_file(Path(__file__).with_suffix(".down.sql"))
