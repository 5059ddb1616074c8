"""Changed statuses: the triggers of the counters fire for updates that change a status, and for no others."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0009"
down_revision: Final = "0008"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Replace the triggers of updates."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Put the earlier ones back."""
    run_file(Path(__file__).with_suffix(".down.sql"))
