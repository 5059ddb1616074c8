"""Requests and responses about the styles of Grok's prompts."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from api.schemas.bases import Answer, StrictRequestModel

WORDING_CHARACTERS: Final = 1_000


class SetStyle(StrictRequestModel):
    """What Grok is told for a style."""

    wording: Annotated[str, StringConstraints(min_length=1, max_length=WORDING_CHARACTERS, pattern=r"\S")] = Field(
        description="How to write, in a sentence or two.",
        examples=["Watercolour on rough paper: wet edges, few colours."],
    )


class StyleUse(Answer):
    """How a style has fared with one model in the last 30 days."""

    model: str = Field(description="The WaveSpeed model.")
    jobs: int = Field(description="Jobs whose prompt was asked for in this style.")
    kept: int = Field(description="Those whose outputs are liked.")
    discarded: int = Field(description="Those whose outputs are discarded.")


class StyleAnswer(Answer):
    """A style: a named way in which Grok writes."""

    name: str = Field(description="Its name.")
    wording: str | None = Field(description="What Grok is told; null if the style has been deleted since.")
    own: bool = Field(description="Whether it is the owner's own, and may be changed and deleted.")
    models: list[StyleUse] = Field(description="How it has fared, by model, the most used first.")


class StyleList(Answer):
    """All styles: those that everybody has, the owner's own by name, and deleted ones that were used lately."""

    items: list[StyleAnswer] = Field(description="The styles.")
    most_own: int = Field(description="How many an owner may have of its own.")
