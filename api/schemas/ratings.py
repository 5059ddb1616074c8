"""What a person says of a written prompt, and of a result."""

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
    """A person's word on a written prompt; it replaces what was said before."""

    rating: Rating | None = Field(description="Null takes the rating back, and its reason.")
    reason: ReasonText = Field(None, description="Why, in the person's own words.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.rating is None and self.reason is not None:
            raise field_errors(type(self), [(("reason",), "Goes with `up` or `down` alone.")])
        return self


class RateResult(StrictRequestModel):
    """A person's word on a job's outputs; it replaces what was said before."""

    kept: Flag | None = Field(description="Whether the result is kept; null takes the word back.")
