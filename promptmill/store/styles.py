"""Styles of Grok's prompts: owners' own ones, and how all have fared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.styles import MOST_STYLES, StyleCount
from promptmill.store.database import Database, column_list
from sql.models import PromptStyle

_COLUMNS: Final = column_list(PromptStyle)
_LIST: Final = f"SELECT {_COLUMNS} FROM prompt_styles WHERE owner = :owner ORDER BY name"
_GET: Final = f"SELECT {_COLUMNS} FROM prompt_styles WHERE owner = :owner AND name = :name"
_SET: Final = f"SELECT {_COLUMNS} FROM set_prompt_style(:owner, :name, :wording, :most)"
_DELETE: Final = "DELETE FROM prompt_styles WHERE owner = :owner AND name = :name RETURNING name"
_COUNTS: Final = "SELECT style, model, jobs, kept, discarded FROM get_style_counts(:owner)"


@dataclass(frozen=True)
class StyleStore:
    """The `prompt_styles` table. Calls are idempotent."""

    database: Database

    async def own(self, owner: str) -> Sequence[PromptStyle]:
        """Return an owner's own styles by name."""
        return await self.database.rows(PromptStyle, _LIST, owner=owner)

    async def get(self, owner: str, name: str) -> PromptStyle:
        """Return one of an owner's own styles.

        Raises:
            RecordNotFound: The owner has none of that name.
        """
        return await self.database.row(PromptStyle, _GET, owner=owner, name=name)

    async def set(self, owner: str, name: str, wording: str) -> PromptStyle:
        """Store a style, or give the one of that name a new wording.

        Raises:
            RecordNotFound: There is no such owner.
            RecordConflict: `too_many_styles`.
        """
        return await self.database.row(PromptStyle, _SET, owner=owner, name=name, wording=wording, most=MOST_STYLES)

    async def delete(self, owner: str, name: str) -> None:
        """Delete a style. What was written in it keeps its name.

        Raises:
            RecordNotFound: The owner has none of that name.
        """
        if await self.database.value(_DELETE, owner=owner, name=name) is None:
            raise RecordNotFound("There is no such style.")

    async def counts(self, owner: str) -> list[StyleCount]:
        """Return how an owner's styles have fared in the last 30 days, by style and model."""
        rows = await self.database.mappings(_COUNTS, owner=owner)
        return [StyleCount.model_validate(dict(row)) for row in rows]
