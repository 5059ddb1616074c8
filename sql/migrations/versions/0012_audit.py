"""The audit log, and who set a switch."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0012"
down_revision: Final = "0011"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add the table, which nobody can change, and the column."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop them, unless the log has entries."""
    run_file(Path(__file__).with_suffix(".down.sql"))
