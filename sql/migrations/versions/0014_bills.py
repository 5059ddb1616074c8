"""Bills: what WaveSpeed has charged and refunded, and when it is asked for that."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0014"
down_revision: Final = "0013"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add the table, the columns and the trigger."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop them, unless something has been billed."""
    run_file(Path(__file__).with_suffix(".down.sql"))
