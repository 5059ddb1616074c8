"""Ratings: a person's word on a written prompt, and on a result."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add the column, the constraint and the functions."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop them, unless people have judged results."""
    run_file(Path(__file__).with_suffix(".down.sql"))
