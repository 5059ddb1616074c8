"""The prompt queue: all tables, functions and triggers of the first release."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make everything."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop everything, unless there are jobs."""
    run_file(Path(__file__).with_suffix(".down.sql"))
