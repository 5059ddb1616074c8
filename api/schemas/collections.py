"""Requests and responses about collections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StrictInt, model_validator

from api.schemas.bases import Answer, StrictRequestModel, field_errors
from api.schemas.fields import NameText, SearchText, digits
from api.schemas.jobs import MAX_INDEX
from api.schemas.pages import Cursor, NextCursor
from promptmill.store.collections import MOST, MOST_OUTPUTS

OUTPUTS_AT_ONCE: Final = 1_000
PAGE: Final = MOST
"""All that an owner may have: they are listed in an order that changes, and only one page shows all as they are."""


class CollectionName(StrictRequestModel):
    """A collection to make."""

    name: NameText = Field(description="Unique among yours.")


class OutputInCollection(StrictRequestModel):
    """An output of a job."""

    job_id: UUID = Field(description="The job.")
    index: Annotated[StrictInt, Field(ge=0, le=MAX_INDEX)] = Field(description="Its place among `outputs`, from 0.")


Places = Annotated[tuple[OutputInCollection, ...], Field(max_length=OUTPUTS_AT_ONCE)]


class ChangeCollection(StrictRequestModel):
    """What to change of a collection: all of it, or nothing."""

    name: NameText | None = Field(None, description="Its new name.")
    add: Places = Field(
        (),
        description="Outputs to add at its end, in this order; one that it has stays where it is. "
        f"It has at most {MOST_OUTPUTS:,}.",
    )
    remove: Places = Field((), description="Outputs to take out.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.name is None and not self.add and not self.remove:
            raise field_errors(type(self), [((), "Give a `name`, or outputs to `add` or to `remove`.")])
        return self


class MoveInCollection(StrictRequestModel):
    """Where to move outputs within a collection."""

    outputs: Annotated[Places, Field(min_length=1)] = Field(
        description="What to move, in the new order. What is not in the collection is ignored."
    )
    before: OutputInCollection | None = Field(None, description="The output to put them before; null: they come last.")


class ListCollections(StrictRequestModel):
    """Which collections to list, those changed last first."""

    q: SearchText | None = Field(None, description="Text to find in names.")
    limit: Annotated[
        int,
        Field(
            ge=1,
            le=PAGE,
            description="Collections per page. What changes between two pages may be in both or neither; "
            f"{PAGE:,} show all.",
        ),
        BeforeValidator(digits),
    ] = 50
    cursor: Cursor = None


class ListOutputs(StrictRequestModel):
    """Which outputs of a collection to return, in its order."""

    limit: Annotated[
        int,
        Field(
            ge=1,
            le=MOST_OUTPUTS,
            description="Outputs per page. What is moved between two pages may be in both or neither; "
            f"{MOST_OUTPUTS:,} show all.",
        ),
        BeforeValidator(digits),
    ] = 200
    cursor: Cursor = None


class CollectionAnswer(Answer):
    """A named, ordered set of outputs."""

    collection_id: UUID = Field(description="Its id.")
    name: str = Field(description="Unique among the owner's.")
    outputs: int = Field(description="How many outputs it has.")
    created_at: datetime = Field(description="When it was made.")
    changed_at: datetime = Field(description="When it was changed last.")


class CollectionList(Answer):
    """A page of collections, those changed last first."""

    items: list[CollectionAnswer] = Field(description="The collections.")
    next_cursor: NextCursor


class CollectedOutput(Answer):
    """An output in a collection."""

    job_id: UUID = Field(description="The job.")
    index: int = Field(description="Its place among the job's `outputs`, from 0.")
    added_at: datetime = Field(description="When it was added.")


class CollectedOutputs(Answer):
    """A page of a collection's outputs, in its order."""

    items: list[CollectedOutput] = Field(
        description="The outputs. `GET /api/jobs?collection=…` has the jobs that they belong to."
    )
    next_cursor: NextCursor
