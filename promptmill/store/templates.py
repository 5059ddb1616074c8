"""Templates: named recipes of an owner. The rules are in `sql/functions`: save_templates, change_template."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from promptmill.contracts.errors import RecordNotFound
from promptmill.store.database import Database, column_list
from sql.models import Template

MOST: Final = 1_000
"""How many templates an owner may have; `save_templates` refuses more."""

_COLUMNS: Final = column_list(Template)
LIST: Final = f"""
    SELECT {_COLUMNS} FROM templates
    WHERE owner = :owner AND (CAST(:q AS text) IS NULL OR strpos(lower(name), lower(:q)) > 0)
      AND (CAST(:before_at AS timestamptz) IS NULL
           OR (changed_at, id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY changed_at DESC, id DESC LIMIT :limit
"""
_GET: Final = f"SELECT {_COLUMNS} FROM templates WHERE id = :id AND owner = :owner"
_ALL: Final = f"SELECT {_COLUMNS} FROM templates WHERE owner = :owner ORDER BY name"
_NAMES: Final = "SELECT name FROM templates WHERE owner = :owner AND name = ANY (CAST(:names AS text[]))"
_SAVE: Final = f"SELECT {_COLUMNS} FROM save_templates(:owner, CAST(:templates AS jsonb), :replace)"
_CHANGE: Final = f"SELECT {_COLUMNS} FROM change_template(:owner, :id, :name, CAST(:body AS jsonb), :version)"
_DELETE: Final = "DELETE FROM templates WHERE id = :id AND owner = :owner RETURNING id"

Templates = list[Template]


class NamedBody(NamedTuple):
    """A template to store: its name, and the body of a job to create."""

    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class TemplateStore:
    """The table `templates`. Another owner's templates are as none."""

    database: Database

    async def list(
        self, owner: str, *, limit: int, q: str | None = None, before: tuple[datetime, UUID] | None = None
    ) -> Templates:
        """Return templates, those changed last first; with `q`, those whose names have it."""
        before_at, before_id = before or (None, None)
        return await self.database.rows(
            Template, LIST, owner=owner, q=q, limit=limit, before_at=before_at, before_id=before_id
        )

    async def all(self, owner: str) -> Templates:
        """Return every template of an owner, by name."""
        return await self.database.rows(Template, _ALL, owner=owner)

    async def get(self, template_id: UUID, *, owner: str) -> Template:
        """Return a template.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        return await self.database.row(Template, _GET, id=template_id, owner=owner)

    async def names(self, owner: str, names: Sequence[str]) -> set[str]:
        """Return those of these names that templates have."""
        return {row["name"] for row in await self.database.mappings(_NAMES, owner=owner, names=[*names])}

    async def save(self, owner: str, templates: Sequence[NamedBody], *, replace: bool = False) -> Templates:
        """Store templates, all or none; with `replace`, over those of the same names.

        Raises:
            RecordConflict: `name_taken`, `too_many`.
        """
        given = [{"id": str(uuid7()), "name": one.name, "body": one.body} for one in templates]
        return await self.database.rows(Template, _SAVE, owner=owner, templates=json.dumps(given), replace=replace)

    async def replace(self, template_id: UUID, new: NamedBody, version: int, *, owner: str) -> Template:
        """Replace a template that has this version.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
            RecordConflict: `template_changed`, `name_taken`.
        """
        return await self.database.row(
            Template, _CHANGE, id=template_id, owner=owner, name=new.name, body=json.dumps(new.body), version=version
        )

    async def delete(self, template_id: UUID, *, owner: str) -> None:
        """Delete a template.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        if await self.database.value(_DELETE, id=template_id, owner=owner) is None:
            raise RecordNotFound
