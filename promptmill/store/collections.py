"""Collections: named, ordered sets of outputs. Their rules are in `sql/functions`: change_collection and others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from promptmill.contracts.errors import RecordNotFound
from promptmill.store.database import Database, RowMapping, column_list
from sql.models import Collection, CollectionOutput, StoredOutput

MOST_OUTPUTS: Final = 10_000
"""How many outputs a collection may have; `change_collection` refuses more."""

MOST: Final = 1_000
"""How many collections an owner may have; `create_collection` refuses more."""

_COUNTED: Final = """
    c.id, c.name, c.created_at, c.changed_at,
    (SELECT count(*) FROM collection_outputs AS o WHERE o.collection_id = c.id) AS outputs
"""
LIST: Final = f"""
    SELECT {_COUNTED} FROM collections AS c
    WHERE owner = :owner AND (CAST(:q AS text) IS NULL OR strpos(lower(name), lower(:q)) > 0)
      AND (CAST(:before_at AS timestamptz) IS NULL
           OR (changed_at, id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY changed_at DESC, id DESC LIMIT :limit
"""
_GET: Final = f"SELECT {_COUNTED} FROM collections AS c WHERE c.id = :id AND c.owner = :owner"
_CREATE: Final = f"SELECT {_COUNTED} FROM create_collection(:owner, :id, :name) AS c"
_CHANGE: Final = f"""
    SELECT {column_list(Collection)}
    FROM change_collection(:owner, :id, :name, CAST(:add_jobs AS uuid[]), CAST(:add_indexes AS integer[]),
                           CAST(:remove_jobs AS uuid[]), CAST(:remove_indexes AS integer[]))
"""
_MOVE: Final = f"""
    SELECT {column_list(Collection)}
    FROM move_in_collection(:owner, :id, CAST(:jobs AS uuid[]), CAST(:indexes AS integer[]),
                            CAST(:before_job AS uuid), CAST(:before_index AS integer))
"""
_DELETE: Final = "DELETE FROM collections WHERE id = :id AND owner = :owner RETURNING id"
OUTPUTS: Final = f"""
    SELECT {column_list(CollectionOutput, "o")} FROM collection_outputs AS o
    JOIN collections AS c ON c.id = o.collection_id AND c.owner = :owner
    WHERE o.collection_id = :id AND o.position > :after ORDER BY o.position LIMIT :limit
"""
_STORED: Final = f"""
    SELECT {column_list(StoredOutput, "s")} FROM collection_outputs AS o
    JOIN collections AS c ON c.id = o.collection_id AND c.owner = :owner
    JOIN stored_outputs AS s ON s.job_id = o.job_id AND s.index = o.index
    WHERE o.collection_id = :id ORDER BY o.position
"""


@dataclass(frozen=True, slots=True)
class OutputPlace:
    """An output of a job."""

    job_id: UUID
    index: int


class Counted(NamedTuple):
    """A collection, and how many outputs it has."""

    id: UUID
    name: str
    outputs: int
    created_at: datetime
    changed_at: datetime


def _counted(row: RowMapping) -> Counted:
    return Counted(**{name: row[name] for name in Counted._fields})


@dataclass(frozen=True)
class CollectionStore:
    """The tables `collections` and `collection_outputs`. Another owner's collections are as none."""

    database: Database

    async def list(
        self, owner: str, *, limit: int, q: str | None = None, before: tuple[datetime, UUID] | None = None
    ) -> list[Counted]:
        """Return collections, those changed last first; with `q`, those whose names have it."""
        before_at, before_id = before or (None, None)
        rows = await self.database.mappings(
            LIST, owner=owner, q=q, limit=limit, before_at=before_at, before_id=before_id
        )
        return [_counted(row) for row in rows]

    async def get(self, collection_id: UUID, *, owner: str) -> Counted:
        """Return a collection.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        return _counted(await self.database.mapping(_GET, id=collection_id, owner=owner))

    async def create(self, owner: str, name: str) -> Counted:
        """Make an empty collection.

        Raises:
            RecordConflict: `name_taken`, `too_many`.
        """
        return _counted(await self.database.mapping(_CREATE, owner=owner, id=uuid7(), name=name))

    async def update(
        self,
        collection_id: UUID,
        *,
        owner: str,
        name: str | None = None,
        add: Sequence[OutputPlace] = (),
        remove: Sequence[OutputPlace] = (),
    ) -> None:
        """Rename a collection, take outputs out, and add others at its end. Safe to repeat.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
            RecordConflict: `name_taken`, `no_such_output`, `too_many`.
        """
        await self.database.run(
            _CHANGE,
            id=collection_id,
            owner=owner,
            name=name,
            add_jobs=[one.job_id for one in add],
            add_indexes=[one.index for one in add],
            remove_jobs=[one.job_id for one in remove],
            remove_indexes=[one.index for one in remove],
        )

    async def move(
        self, collection_id: UUID, outputs: Sequence[OutputPlace], before: OutputPlace | None, *, owner: str
    ) -> None:
        """Move outputs before another one, or to the end. Safe to repeat.

        Raises:
            RecordNotFound: The collection does not exist, or not for this owner.
            RecordConflict: `no_such_output`: the one to go before is not in it.
        """
        await self.database.run(
            _MOVE,
            id=collection_id,
            owner=owner,
            jobs=[one.job_id for one in outputs],
            indexes=[one.index for one in outputs],
            before_job=before and before.job_id,
            before_index=before and before.index,
        )

    async def delete(self, collection_id: UUID, *, owner: str) -> None:
        """Delete a collection; its outputs stay.

        Raises:
            RecordNotFound: It does not exist, or not for this owner.
        """
        if await self.database.value(_DELETE, id=collection_id, owner=owner) is None:
            raise RecordNotFound

    async def outputs(
        self, collection_id: UUID, *, owner: str, limit: int, after: int = 0
    ) -> Sequence[CollectionOutput]:
        """Return the outputs of a collection in its order, those after a position."""
        return await self.database.rows(
            CollectionOutput, OUTPUTS, id=collection_id, owner=owner, limit=limit, after=after
        )

    async def stored(self, collection_id: UUID, *, owner: str) -> Sequence[StoredOutput]:
        """Return our own copies of a collection's outputs, in its order."""
        return await self.database.rows(StoredOutput, _STORED, id=collection_id, owner=owner)
