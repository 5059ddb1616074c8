"""Limits of an owner, and who paused it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0013"
down_revision: Final = "0012"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add the columns."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop them, unless an owner has limits or is paused."""
    run_file(Path(__file__).with_suffix(".down.sql"))
