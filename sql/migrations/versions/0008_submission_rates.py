"""Submission rates: how fast paid POSTs may be made, by what WaveSpeed answered."""

from __future__ import annotations

from typing import Final

from alembic import op

revision: Final = "0008"
down_revision: Final = "0007"
branch_labels: Final = None
depends_on: Final = None

TABLE: Final = """
    CREATE TABLE submission_rates (
        provider_base   text NOT NULL,
        key_fingerprint text NOT NULL,
        lowered_to      double precision,
        lowered_at      timestamptz,
        changed_at      timestamptz,
        refused_at      timestamptz,
        next_at         timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (provider_base, key_fingerprint)
    ) WITH (fillfactor = 50)
"""


def upgrade() -> None:
    """Add the table."""
    op.execute(TABLE)


def downgrade() -> None:
    """Drop it, whatever it holds: the rate is found anew by the next 429."""
    op.execute("DROP TABLE submission_rates")
