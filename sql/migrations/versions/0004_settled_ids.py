"""Settled ids: no second permission for one, and no guess about a submission whose request is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Put the functions in the place of those of revision 0001."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Put those of revision 0001 back."""
    run_file(Path(__file__).with_suffix(".down.sql"))
