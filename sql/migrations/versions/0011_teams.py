"""Teams: owners, API keys and the sessions of browsers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0011"
down_revision: Final = "0010"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Add the tables, and the owner of everything so far."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Drop them, unless somebody depends on them."""
    run_file(Path(__file__).with_suffix(".down.sql"))
