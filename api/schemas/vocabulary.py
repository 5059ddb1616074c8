"""The words and limits that the page takes from here, so that they stand once: it is given them inside its HTML."""

from __future__ import annotations

from pydantic import Field

from api.schemas.bases import Answer


class StatusWords(Answer):
    """How one status of a job is called."""

    status: str
    word: str
    final: bool = Field(description="Whether it is never left.")
    group: str = Field(description="The `id` of its group.")


class StatusGroup(Answer):
    """Statuses that are counted and filtered together."""

    id: str
    name: str


class RangeAnswer(Answer):
    """What a whole number may be, and what it is where nothing is given."""

    minimum: int
    maximum: int
    usual: int


class Limits(Answer):
    """The limits of fields."""

    prompt_characters: int
    instructions_characters: int
    search_characters: int
    rating_reason_characters: int
    references: int = Field(description="How many `refUrls` a job may have.")
    jobs_at_once: int = Field(description="The largest `limit` of a list of jobs.")
    priority: RangeAnswer
    deadline_seconds: RangeAnswer


class Vocabulary(Answer):
    """The words and limits of this version."""

    statuses: list[StatusWords]
    groups: list[StatusGroup] = Field(description="In the order in which they are shown.")
    limits: Limits
    model_pattern: str = Field(description="A regular expression for model paths, the same in Python and JavaScript.")
    refused_inputs: dict[str, str] = Field(description="Inputs that a caller may not set, and why.")
    upload_types: list[str] = Field(description="Media types of pictures that can be uploaded.")
