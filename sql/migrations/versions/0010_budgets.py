"""Budgets: what may be spent, what is reserved and spent, and the price of each submission."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0010"
down_revision: Final = "0009"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add the tables, the columns and the triggers."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop them, unless somebody has set a budget or a job's limit."""
    run_file(Path(__file__).with_suffix(".down.sql"))
