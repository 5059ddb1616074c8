"""Rated rows: indexes that find them, made while everything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op

from sql.scripts import run_file

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None

STATEMENTS: Final = (
    "DROP INDEX CONCURRENTLY IF EXISTS jobs_kept_idx",
    "CREATE INDEX CONCURRENTLY jobs_kept_idx ON jobs (owner, created_at) WHERE kept IS NOT NULL",
    "DROP INDEX CONCURRENTLY IF EXISTS prompt_generation_jobs_rated_idx",
    """CREATE INDEX CONCURRENTLY prompt_generation_jobs_rated_idx ON prompt_generation_jobs (owner, created_at)
    WHERE rating IS NOT NULL""",
    "ALTER TABLE prompt_generation_jobs VALIDATE CONSTRAINT prompt_generation_jobs_rating_check",
)
"""Each a transaction of its own, as an index that is made CONCURRENTLY must be; so it is sent alone, not in a script.
One that was broken off leaves an invalid index behind, therefore each index is dropped before it is made."""


def upgrade() -> None:
    """Make the indexes, outside of a transaction, and check the ratings that there are."""
    with op.get_context().autocommit_block():
        for statement in STATEMENTS:
            op.execute(statement)


def downgrade() -> None:
    """Drop the indexes."""
    run_file(Path(__file__).with_suffix(".down.sql"))
