"""Seen candidates: a reading of the history that is older than one proves no absence."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0005"
down_revision: Final = "0004"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Put the function in the place of that of revision 0001."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Put that of revision 0001 back."""
    run_file(Path(__file__).with_suffix(".down.sql"))
