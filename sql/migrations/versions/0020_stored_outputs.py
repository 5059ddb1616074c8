"""Stored outputs: our own copies of what WaveSpeed deletes after seven days."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0020"
down_revision: Final = "0019"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add the tables and their triggers."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop them, unless something is stored."""
    run_file(Path(__file__).with_suffix(".down.sql"))
