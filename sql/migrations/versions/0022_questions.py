"""Questions to Grok: how they are asked, the variants that come, owners' own styles, and which variant a job took."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op

from sql.scripts import run_file

revision: Final = "0022"
down_revision: Final = "0021"
branch_labels: Final = None
depends_on: Final = None

STATEMENTS: Final = (
    """ALTER TABLE jobs
        ADD COLUMN IF NOT EXISTS style text,
        ADD COLUMN IF NOT EXISTS variant smallint""",
    "DROP INDEX CONCURRENTLY IF EXISTS jobs_style_idx",
    "CREATE INDEX CONCURRENTLY jobs_style_idx ON jobs (owner, created_at) WHERE style IS NOT NULL",
    """ALTER TABLE prompt_generation_jobs
        ADD COLUMN IF NOT EXISTS style text,
        ADD COLUMN IF NOT EXISTS style_wording text,
        ADD COLUMN IF NOT EXISTS length text,
        ADD COLUMN IF NOT EXISTS language text,
        ADD COLUMN IF NOT EXISTS target_model text,
        ADD COLUMN IF NOT EXISTS target_kind text,
        ADD COLUMN IF NOT EXISTS wanted_variants smallint NOT NULL DEFAULT 1,
        ADD COLUMN IF NOT EXISTS wants_negative boolean NOT NULL DEFAULT false,
        ADD COLUMN IF NOT EXISTS variants jsonb NOT NULL DEFAULT '[]'""",
    "ALTER TABLE prompt_generation_jobs DROP CONSTRAINT IF EXISTS prompt_generation_jobs_length_check",
    """ALTER TABLE prompt_generation_jobs ADD CONSTRAINT prompt_generation_jobs_length_check
        CHECK (length IN ('short', 'medium', 'long')) NOT VALID""",
    "ALTER TABLE prompt_generation_jobs VALIDATE CONSTRAINT prompt_generation_jobs_length_check",
    "ALTER TABLE prompt_generation_jobs DROP CONSTRAINT IF EXISTS prompt_generation_jobs_operation_check",
    """ALTER TABLE prompt_generation_jobs ADD CONSTRAINT prompt_generation_jobs_operation_check
        CHECK (operation IN ('generate', 'enhance', 'describe')) NOT VALID""",
    "ALTER TABLE prompt_generation_jobs VALIDATE CONSTRAINT prompt_generation_jobs_operation_check",
    """CREATE TABLE IF NOT EXISTS prompt_styles (
        owner      text NOT NULL REFERENCES owners (name),
        name       text NOT NULL,
        wording    text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (owner, name)
    )""",
)
"""As in 0021: each alone, and so that a run that is broken off can be repeated."""


def upgrade() -> None:
    """Add the columns, the index and the table, outside of a transaction."""
    with op.get_context().autocommit_block():
        for statement in STATEMENTS:
            op.execute(statement)


def downgrade() -> None:
    """Drop them, unless there are styles, variants or descriptions that would be lost."""
    run_file(Path(__file__).with_suffix(".down.sql"))
