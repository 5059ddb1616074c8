"""Readings: when each accepted prediction's result is read next, by the workers instead of by its workflow."""

from __future__ import annotations

from typing import Final

from alembic import op

revision: Final = "0009"
down_revision: Final = "0008"
branch_labels: Final = None
depends_on: Final = None

UP: Final = (
    """
    CREATE TABLE readings (
        job_id        uuid PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        prediction_id text NOT NULL,
        accepted_at   timestamptz NOT NULL,
        due_at        timestamptz,
        prompted      boolean NOT NULL DEFAULT false,
        looks         integer NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX readings_due_at_idx ON readings (due_at)",
    "CREATE INDEX readings_prompted_idx ON readings (due_at) WHERE prompted",
    """
    CREATE TABLE reading_rate (
        one     boolean PRIMARY KEY DEFAULT true CHECK (one),
        next_at timestamptz NOT NULL
    ) WITH (fillfactor = 50)
    """,
    "INSERT INTO reading_rate (next_at) VALUES ('-infinity')",
)


def upgrade() -> None:
    """Add the tables."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them, whatever they hold: a workflow whose prediction nobody reads begins to read it itself."""
    op.execute("DROP TABLE readings, reading_rate")
