"""What a release asks of the schema: the columns of its tables, and the SQL functions that its code calls.

`python -m tests.released DATABASE_URL > tests/data/released/0.3.0.json`, when a release comes out, records it from a
database with its schema.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

import asyncpg

ROOT = Path(__file__).parents[1]
_CALLED = re.compile(r"\b(\w+)\(")
_FUNCTIONS = """
SELECT proname AS name, pg_get_function_identity_arguments(oid) || ' -> ' || pg_get_function_result(oid) AS signature
FROM pg_proc WHERE pronamespace = current_schema::regnamespace AND prokind = 'f' ORDER BY 1, 2
"""
_COLUMNS = """
SELECT attrelid::regclass::text AS name, attname, format_type(atttypid, atttypmod) AS type,
       attnotnull AND NOT atthasdef AND attidentity = '' AS must_be_given
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = current_schema::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped ORDER BY 1, 2
"""


async def functions_of(connection: asyncpg.Connection[Any]) -> dict[str, list[str]]:
    """Return the signatures of each function."""
    found: dict[str, list[str]] = {}
    for row in await connection.fetch(_FUNCTIONS):
        found.setdefault(row["name"], []).append(row["signature"])
    return found


async def columns_of(connection: asyncpg.Connection[Any]) -> dict[str, dict[str, str]]:
    """Return the type of each column of each table; `!` behind it: whoever adds a row must give it."""
    found: dict[str, dict[str, str]] = {}
    for row in await connection.fetch(_COLUMNS):
        found.setdefault(row["name"], {})[row["attname"]] = row["type"] + "!" * row["must_be_given"]
    return found


async def record(url: str, code: Path) -> dict[str, Any]:
    """Return what the release in that folder asks of its schema."""
    text = "\n".join(path.read_text() for path in (code / "promptmill" / "store").glob("*.py"))
    called = set(_CALLED.findall(text))
    connection = await asyncpg.connect(url)
    try:
        functions = {name: each for name, each in (await functions_of(connection)).items() if name in called}
        revision = await connection.fetchval("SELECT version_num FROM alembic_version")
        return {"revision": revision, "functions": functions, "columns": await columns_of(connection)}
    finally:
        await connection.close()


if __name__ == "__main__":
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT
    sys.stdout.write(json.dumps(asyncio.run(record(sys.argv[1], folder)), indent=1) + "\n")
