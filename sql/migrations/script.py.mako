"""${message}."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sql.scripts import run_file

revision: Final = ${repr(up_revision)}
down_revision: Final = ${repr(down_revision)}
branch_labels: Final = ${repr(branch_labels)}
depends_on: Final = ${repr(depends_on)}


def upgrade() -> None:
    """Go up."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Go down: refuse rather than drop what people stored."""
    run_file(Path(__file__).with_suffix(".down.sql"))
