"""Secrets that an installation makes for itself, and keeps as switches."""

from __future__ import annotations

from typing import Final

from promptmill.store.database import Database

_KEPT: Final = "SELECT value FROM switches WHERE name = :name"
_KEEP: Final = """
    INSERT INTO switches (name, value, reason) VALUES (:name, :value, 'made by the installation for itself')
    ON CONFLICT (name) DO NOTHING
"""


async def own_secret(database: Database, name: str, new: str) -> str:
    """Return the secret of that name; `new` is stored if there was none."""
    kept = await database.value(_KEPT, name=name)
    if kept is None:
        await database.run(_KEEP, name=name, value=new)
        kept = await database.value(_KEPT, name=name)
    return str(kept)
