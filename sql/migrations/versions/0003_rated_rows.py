"""Rated rows: indexes that find them, made while everything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import op

from sql.statements import run_sql_file

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the indexes, outside of a transaction, and check the ratings that there are."""
    with op.get_context().autocommit_block():
        run_sql_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop the indexes."""
    run_sql_file(Path(__file__).with_suffix(".down.sql"))
