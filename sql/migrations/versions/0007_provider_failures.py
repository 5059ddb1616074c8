"""Provider failures: predictions that WaveSpeed gave up for one of the newer reasons are not read as late media."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = "0007"
down_revision: Final = "0006"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Give the view the newer reasons."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Take them away."""
    run_file(Path(__file__).with_suffix(".down.sql"))
