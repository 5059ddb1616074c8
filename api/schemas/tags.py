"""Requests and responses about tags."""

from __future__ import annotations

from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from api.schemas.bases import Answer, StrictRequestModel, field_errors
from api.schemas.fields import TAG_CHARACTERS, TagText, digits, storable
from api.schemas.jobs import JOBS_AT_ONCE
from promptmill.store.tags import MOST_TAGS

TAGS_PAGE: Final = 1_000

Tags = Annotated[tuple[TagText, ...], Field(max_length=MOST_TAGS)]


class ChangeTags(StrictRequestModel):
    """Tags to add and to remove."""

    add: Tags = Field((), description=f"Tags to add; a job has at most {MOST_TAGS}.")
    remove: Tags = Field((), description="Tags to remove.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.add or self.remove):
            raise field_errors(type(self), [(("add",), "Give at least one tag to add or to remove.")])
        both = sorted({*self.add} & {*self.remove})
        if both:
            raise field_errors(type(self), [(("remove",), f"`{both[0]}` is to be added, too.")])
        return self


class TagJobs(ChangeTags):
    """Tags to add to many jobs, and to remove from them."""

    job_ids: tuple[UUID, ...] = Field(min_length=1, max_length=JOBS_AT_ONCE, description="The jobs.")


class JobTags(Answer):
    """The tags of a job."""

    job_id: UUID = Field(description="The job.")
    tags: list[str] = Field(description="The tags that it has now, in order.")


class Untagged(Answer):
    """A job that was left as it was."""

    job_id: UUID = Field(description="The job.")
    reason: str = Field(
        description="`not_found`: there is none of yours. `erased`: its words are gone. "
        f"`too_many`: it would have more than {MOST_TAGS}."
    )


class TaggedJobs(Answer):
    """What came of it for each job."""

    items: list[JobTags] = Field(description="The jobs whose tags are as asked.")
    refused: list[Untagged] = Field(description="The jobs that were left as they were.")


class ListTags(StrictRequestModel):
    """Which tags to list."""

    limit: Annotated[int, Field(ge=1, le=TAGS_PAGE, description="Tags per page."), BeforeValidator(digits)] = 200
    after: Annotated[str, StringConstraints(max_length=TAG_CHARACTERS), AfterValidator(storable)] | None = Field(
        None, description="`nextAfter` of the previous page: a tag."
    )


class TagAnswer(Answer):
    """A tag of the owner."""

    tag: str = Field(description="The tag.")
    jobs: int = Field(description="How many jobs have it.")


class TagList(Answer):
    """A page of tags, in order."""

    items: list[TagAnswer] = Field(description="The tags.")
    next_after: str | None = Field(description="Send it as `after` for the next page; null on the last one.")
