"""Spending by key and of Grok, and the warnings of budgets."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0016"
down_revision: Final = "0015"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add the columns, and the trigger that counts what Grok costs."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop them; what was spent stays."""
    run_file(Path(__file__).with_suffix(".down.sql"))
