"""The words and limits that the page shares with the API, embedded in its HTML so that they are defined once."""

from __future__ import annotations

from pydantic import Field

from api.schemas.bases import Answer
from promptmill.contracts.access import Scope


class StatusWords(Answer):
    """A job status as the page shows it."""

    status: str
    word: str
    final: bool = Field(description="Whether it is never left.")
    group: str = Field(description="The `id` of its group.")


class StatusGroup(Answer):
    """Statuses that the page counts and filters together."""

    id: str
    name: str


class RoleWords(Answer):
    """A preset of scopes for a new key."""

    role: str
    scopes: list[Scope]


class RangeAnswer(Answer):
    """The inclusive bounds of an integer, and its default."""

    minimum: int
    maximum: int
    usual: int


class BatchLimits(Answer):
    """Limits of a batch and its table."""

    rows: int
    columns: int
    cell_characters: int
    open: int = Field(description="Maximum `maxOpen`.")
    proposed: int = Field(description="Maximum number of prompts that are made of one idea, and approved.")


class Limits(Answer):
    """Limits of request fields."""

    prompt_characters: int
    instructions_characters: int
    search_characters: int
    rating_reason_characters: int
    references: int = Field(description="Maximum number of `refUrls`.")
    jobs_at_once: int = Field(description="Maximum `limit` of a list of jobs.")
    priority: RangeAnswer
    deadline_seconds: RangeAnswer
    batches: BatchLimits


class Vocabulary(Answer):
    """The words and limits of this version."""

    statuses: list[StatusWords]
    groups: list[StatusGroup] = Field(description="In display order.")
    roles: list[RoleWords] = Field(description="In display order.")
    limits: Limits
    model_pattern: str = Field(description="Regular expression for model paths, valid in Python and JavaScript.")
    refused_inputs: dict[str, str] = Field(description="Inputs that callers may not set, and why.")
    upload_types: list[str] = Field(description="Media types of images that can be uploaded.")
