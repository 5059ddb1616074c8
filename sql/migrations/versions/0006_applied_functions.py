"""Applied functions: the functions are repeatable from here on, and revisions hold tables alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from alembic import op
from sqlalchemy import text

from sql.scripts import run_file, run_script

revision: Final = "0006"
down_revision: Final = "0005"
branch_labels: Final = None
depends_on: Final = None

FUNCTION: Final = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)\(.*?^\$\$;$", re.MULTILINE | re.DOTALL)


def upgrade() -> None:
    """Make the table that says which text each function has."""
    run_file(Path(__file__).with_suffix(".up.sql"))


def downgrade() -> None:
    """Put back the functions that revisions 0001 to 0005 made; drop those that came later, and the table."""
    earlier = earlier_functions()
    applied = op.get_bind().execute(text("SELECT name FROM applied_functions ORDER BY name")).scalars()
    later = [f"DROP FUNCTION IF EXISTS {name};" for name in applied if name not in earlier]
    script = ["SET LOCAL check_function_bodies = off;", *later, *earlier.values(), "DROP TABLE applied_functions;"]
    run_script(op.get_bind(), "\n".join(script))


def earlier_functions() -> dict[str, str]:
    """Return the functions of revision 0005 by name: of each the text that the latest of its revisions gave it."""
    files = [path for path in sorted(Path(__file__).parent.glob("*.up.sql")) if path.name[:4] < revision]
    return {found[1]: found[0] for path in files for found in FUNCTION.finditer(path.read_text(encoding="utf-8"))}
