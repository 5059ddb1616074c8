"""Ratings of a written prompt, and of a result."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from api.schemas.fields import Flag, blank_is_absent
from api.schemas.strict import StrictRequestModel, field_errors
from promptmill.contracts.ratings import Rating

REASON_CHARACTERS: Final = 500

ReasonText = Annotated[
    Annotated[str, StringConstraints(max_length=REASON_CHARACTERS)] | None, BeforeValidator(blank_is_absent)
]


class RatePrompt(StrictRequestModel):
    """A rating of a written prompt; replaces the previous one."""

    rating: Rating | None = Field(description="Null removes the rating and its reason.")
    reason: ReasonText = Field(None, description="The reason, in the person's own words.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.rating is None and self.reason is not None:
            raise field_errors(type(self), [(("reason",), "Only valid with `up` or `down`.")])
        return self


class RateResult(StrictRequestModel):
    """A rating of a job's outputs; replaces the previous one."""

    kept: Flag | None = Field(description="Whether the result is kept; null removes the rating.")
