"""Batches with their rows, and which batch's row a job was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op

from sql.scripts import run_file

revision: Final = "0025"
down_revision: Final = "0024"
branch_labels: Final = None
depends_on: Final = None

STATEMENTS: Final = (
    """CREATE TABLE IF NOT EXISTS batches (
    id                  uuid PRIMARY KEY,
    owner               text NOT NULL,
    key                 text, -- by which its caller sends more rows to it; null: nobody can
    name                text,
    template            jsonb NOT NULL, -- the body of a job to create, with {{column}} in its texts
    state               text NOT NULL DEFAULT 'planning'
        CHECK (state IN ('planning', 'awaiting_approval', 'running', 'paused', 'done', 'done_with_failures',
                         'cancelled')),
    -- while it is paused: why, and by whom if by a person; problem: that in words, or what a running one waits for
    pause_reason        text CHECK (pause_reason IN ('budget', 'failures', 'owner', 'admin')),
    paused_by           text,
    problem             text,
    max_cost_usd        numeric(12, 6) NOT NULL CHECK (max_cost_usd >= 0),
    max_open            integer NOT NULL CHECK (max_open BETWEEN 1 AND 1000),
    stop_after_failures integer CHECK (stop_after_failures >= 1),
    failures_forgiven   integer NOT NULL DEFAULT 0, -- how many rows had failed when it was last resumed
    priority            smallint NOT NULL CHECK (priority BETWEEN 1 AND 10),
    callback_url        text,
    key_id              text, -- the API key that created it; null: none
    -- what its jobs count for, as in spending
    reserved_usd        numeric(14, 6) NOT NULL DEFAULT 0 CHECK (reserved_usd >= 0),
    spent_usd           numeric(14, 6) NOT NULL DEFAULT 0 CHECK (spent_usd >= 0),
    -- when the reconciler wakes or starts its workflow, unless it has looked at the batch by then; null: no need
    due_at              timestamptz,
    callback_claimed_at timestamptz,
    callback_started_at timestamptz,
    callback_ended_at   timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    changed_at          timestamptz NOT NULL DEFAULT now(),
    completed_at        timestamptz, -- nothing of it waits or is open
    CONSTRAINT batches_owner_key_key UNIQUE (owner, key)
) WITH (fillfactor = 50)""",
    """CREATE INDEX IF NOT EXISTS batches_created_at_idx ON batches (owner, created_at DESC, id DESC)""",
    """CREATE INDEX IF NOT EXISTS batches_due_at_idx ON batches (due_at) WHERE due_at IS NOT NULL""",
    """CREATE INDEX IF NOT EXISTS batches_completed_at_idx ON batches (completed_at) WHERE completed_at IS NOT NULL""",
    """CREATE TABLE IF NOT EXISTS batch_rows (
    batch_id     uuid NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    key          text NOT NULL,
    number       integer NOT NULL, -- its line in the source, from 1
    given        jsonb NOT NULL, -- its columns as they were given
    request      jsonb, -- what accept_job takes; null: the row is faulty
    content_hash text NOT NULL, -- of what would be made
    state        text NOT NULL CHECK (state IN ('waiting', 'submitted', 'skipped', 'faulty')),
    -- its job, decided before there is one: whatever dies, the row gets no second
    job_id       uuid,
    retry_of     uuid, -- while it waits to be tried again: the job that failed
    faults       jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (batch_id, key)
)""",
    """CREATE INDEX IF NOT EXISTS batch_rows_number_idx ON batch_rows (batch_id, number, key)""",
    """CREATE INDEX IF NOT EXISTS batch_rows_waiting_idx ON batch_rows (batch_id, number, key)
    WHERE state = 'waiting'""",
    """CREATE INDEX IF NOT EXISTS batch_rows_job_id_idx ON batch_rows (job_id) WHERE job_id IS NOT NULL""",
    """CREATE TABLE IF NOT EXISTS batch_proposals (
    batch_id      uuid PRIMARY KEY REFERENCES batches (id) ON DELETE CASCADE,
    prompt_job_id uuid NOT NULL, -- the question to Grok; no reference: it may be deleted after its time
    rows          integer NOT NULL, -- of the table, each of which is made with each prompt
    request       jsonb, -- the table; null once its rows are stored, or never will be
    request_hash  text NOT NULL, -- of the whole request that asked
    approved      jsonb, -- the prompts that were approved, until their rows are stored
    approved_hash text, -- of these, from then on
    CONSTRAINT batch_proposals_prompt_job_id_key UNIQUE (prompt_job_id)
)""",
    """ALTER TABLE jobs
        ADD COLUMN IF NOT EXISTS batch_id uuid,
        ADD COLUMN IF NOT EXISTS row_key text""",
    "DROP INDEX CONCURRENTLY IF EXISTS jobs_batch_id_idx",
    """CREATE INDEX CONCURRENTLY jobs_batch_id_idx ON jobs (batch_id, created_at DESC, id DESC)
    WHERE batch_id IS NOT NULL""",
    "DROP INDEX CONCURRENTLY IF EXISTS jobs_batch_status_idx",
    """CREATE INDEX CONCURRENTLY jobs_batch_status_idx ON jobs (batch_id, status) WHERE batch_id IS NOT NULL""",
    "DROP INDEX CONCURRENTLY IF EXISTS jobs_batch_open_idx",
    """CREATE INDEX CONCURRENTLY jobs_batch_open_idx ON jobs (batch_id)
    WHERE batch_id IS NOT NULL AND completed_at IS NULL""",
    "ALTER TABLE jobs DROP CONSTRAINT IF EXISTS jobs_batch_id_fkey",
    """ALTER TABLE jobs ADD CONSTRAINT jobs_batch_id_fkey
        FOREIGN KEY (batch_id) REFERENCES batches (id) ON DELETE SET NULL NOT VALID""",
    "ALTER TABLE jobs VALIDATE CONSTRAINT jobs_batch_id_fkey",
)
"""As in 0003: each alone, and so that a run that is broken off can be repeated. The columns are null in the rows that
there are, so none is rewritten."""


def upgrade() -> None:
    """Add the tables, the columns, the indexes and the reference, outside of a transaction."""
    with op.get_context().autocommit_block():
        for statement in STATEMENTS:
            op.execute(statement)


def downgrade() -> None:
    """Drop them, unless there is a batch."""
    run_file(Path(__file__).with_suffix(".down.sql"))
