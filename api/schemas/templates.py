"""Requests and responses about templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.bases import Answer, StrictRequestModel, field_errors
from api.schemas.fields import PROMPT_CHARACTERS, NameText, SearchText, digits
from api.schemas.jobs import CreateJob
from api.schemas.pages import Cursor, NextCursor
from promptmill.contracts.placeholders import WORD, WORDED, words_in
from promptmill.store.templates import MOST

FORMAT: Final = "promptmill-templates"
OF_ONE_JOB: Final = ("prompt_job_id", "parent_job_id", "parent_index", "relation")
"""Fields that name what only one job can be made from."""

PAGE: Final = MOST
"""All that an owner may have: they are listed in an order that changes, and only one page shows all as they are."""


def wire_body(job: CreateJob) -> dict[str, Any]:
    """Return the JSON of a body as its caller gave it, without what says nothing."""
    body = job.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    if job.max_price_usd is not None:
        body["maxPriceUsd"] = float(job.max_price_usd)
    return body


def worded(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a body in which words are filled in."""
    return {name: body[name] for name in WORDED if name in body}


class NewTemplate(StrictRequestModel):
    """A template to store."""

    name: NameText = Field(description="Unique among yours.")
    body: CreateJob = Field(
        description="The body of `POST /api/jobs/create`. In `prompt`, `instructions` and the texts of `input`, "
        "`{{word}}` is filled in when the template is used."
    )

    @model_validator(mode="after")
    def _stands_alone(self) -> Self:
        fields = CreateJob.model_fields
        wrong = [
            (("body", fields[name].alias or name), "A template cannot have this: it belongs to one job.")
            for name in OF_ONE_JOB
            if getattr(self.body, name) is not None
        ]
        if wrong:
            raise field_errors(type(self), wrong)
        return self


class ChangeTemplate(NewTemplate):
    """What replaces a template."""

    version: Annotated[StrictInt, Field(ge=1)] = Field(description="The `version` of the template that was read.")


def _word(text: str) -> str:
    if WORD.fullmatch(text) is None:
        raise PydanticCustomError("refused", "Not a word as templates have them.")
    return text


class FillTemplate(StrictRequestModel):
    """What stands for a template's words."""

    words: dict[
        Annotated[str, AfterValidator(_word)],
        Annotated[str, StringConstraints(max_length=PROMPT_CHARACTERS)],
    ] = Field(default_factory=dict, description="A text for each word of the template.")


class ListTemplates(StrictRequestModel):
    """Which templates to list, those changed last first."""

    q: SearchText | None = Field(None, description="Text to find in names.")
    limit: Annotated[
        int,
        Field(
            ge=1,
            le=PAGE,
            description="Templates per page. What changes between two pages may be in both or neither; "
            f"{PAGE:,} show all.",
        ),
        BeforeValidator(digits),
    ] = 50
    cursor: Cursor = None


class ImportTemplates(StrictRequestModel):
    """Templates as `GET /api/templates/export` returned them."""

    format: Literal["promptmill-templates"] = Field(description="What the document is.")
    version: Literal[1] = Field(description="Of the format.")
    templates: tuple[NewTemplate, ...] = Field(max_length=MOST, description="The templates; no two of the same name.")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        seen: set[str] = set()
        wrong = []
        for place, template in enumerate(self.templates):
            if template.name in seen:
                wrong.append((("templates", str(place), "name"), "Another template of the document has this name."))
            seen.add(template.name)
        if wrong:
            raise field_errors(type(self), wrong)
        return self


class TemplateAnswer(Answer):
    """A named recipe, whose words are filled in when it is used."""

    template_id: UUID = Field(description="Its id.")
    name: str = Field(description="Unique among the owner's.")
    model: str = Field(description="The WaveSpeed model that its body names.")
    words: list[str] = Field(description="Its words, in the order in which they come.")
    version: int = Field(description="Counts its changes; send it with a change.")
    created_at: datetime = Field(description="When it was stored first.")
    changed_at: datetime = Field(description="When it was changed last.")


class FullTemplate(TemplateAnswer):
    """A template with its body."""

    body: dict[str, Any] = Field(description="A body of `POST /api/jobs/create`, its words not filled in.")


class TemplateList(Answer):
    """A page of templates, those changed last first."""

    items: list[TemplateAnswer] = Field(description="The templates, without their bodies.")
    next_cursor: NextCursor


class ExportedTemplate(Answer):
    """A template in a document of them."""

    name: str = Field(description="Its name.")
    body: dict[str, Any] = Field(description="Its body.")


class TemplateExport(Answer):
    """All templates of an owner, by name, as an import takes them."""

    format: str = Field(FORMAT, description="What the document is.")
    version: int = Field(1, description="Of the format.")
    templates: list[ExportedTemplate] = Field(description="The templates.")


class ImportedTemplates(Answer):
    """What an import has stored."""

    stored: int = Field(description="How many templates were stored.")
    replaced: int = Field(description="How many of them replaced another.")


def template_words(body: Mapping[str, Any]) -> list[str]:
    """Return the words of a template's body."""
    return [*words_in(worded(body))]
