"""The family tree: which job's output a job was made from, and how; with the index and the reference that it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op

from sql.scripts import run_file

revision: Final = "0021"
down_revision: Final = "0020"
branch_labels: Final = None
depends_on: Final = None

STATEMENTS: Final = (
    """ALTER TABLE jobs
        ADD COLUMN IF NOT EXISTS parent_job_id uuid,
        ADD COLUMN IF NOT EXISTS parent_index smallint,
        ADD COLUMN IF NOT EXISTS relation text""",
    "ALTER TABLE jobs DROP CONSTRAINT IF EXISTS jobs_relation_check",
    """ALTER TABLE jobs ADD CONSTRAINT jobs_relation_check
        CHECK (relation IN ('edit', 'animate', 'upscale', 'reference', 'variation', 'retry')) NOT VALID""",
    "ALTER TABLE jobs VALIDATE CONSTRAINT jobs_relation_check",
    "DROP INDEX CONCURRENTLY IF EXISTS jobs_parent_job_id_idx",
    """CREATE INDEX CONCURRENTLY jobs_parent_job_id_idx ON jobs (parent_job_id, created_at, id)
    WHERE parent_job_id IS NOT NULL""",
    "ALTER TABLE jobs DROP CONSTRAINT IF EXISTS jobs_parent_job_id_fkey",
    """ALTER TABLE jobs ADD CONSTRAINT jobs_parent_job_id_fkey
        FOREIGN KEY (parent_job_id) REFERENCES jobs (id) ON DELETE SET NULL NOT VALID""",
    "ALTER TABLE jobs VALIDATE CONSTRAINT jobs_parent_job_id_fkey",
)
"""As in 0003: each alone, and so that a run that is broken off can be repeated. The columns are null in the rows that
there are, so none is rewritten; what is checked of them is checked without keeping anybody from writing."""


def upgrade() -> None:
    """Add the columns, the index and the reference, outside of a transaction."""
    with op.get_context().autocommit_block():
        for statement in STATEMENTS:
            op.execute(statement)


def downgrade() -> None:
    """Drop them, unless a job has a parent."""
    run_file(Path(__file__).with_suffix(".down.sql"))
