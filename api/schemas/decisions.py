"""What a person decides about a job that has ended or waits for a decision, and says of its result."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from api.schemas.bases import StrictRequestModel, field_errors
from api.schemas.fields import Flag
from promptmill.contracts.resolution import Decision

PredictionId = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{5,127}$"),
    Field(
        description="As WaveSpeed's history shows it. Only its form is judged here: the result is believed when the "
        "worker has read it with our key.",
        examples=["e6832d4abffb4d79bfbca19783fca133"],
    ),
]
"""An id of WaveSpeed: opaque, 32 hexadecimal digits in all that was seen, and never a path."""


class ResolveJob(StrictRequestModel):
    """A person's word on a job in `submit_unknown`."""

    decision: Decision = Field(
        description="`adopt`: this prediction is the job's. `resubmit`: submit again, which is paid again. "
        "`abandon`: give the job up."
    )
    prediction_id: PredictionId | None = Field(None, description="With `adopt`: which prediction.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        adopts = self.decision is Decision.ADOPT
        if adopts and self.prediction_id is None:
            raise field_errors(type(self), [(("predictionId",), "`adopt` needs the prediction to adopt.")])
        if not adopts and self.prediction_id is not None:
            raise field_errors(type(self), [(("predictionId",), "Goes with `adopt` alone.")])
        return self


class RetryJob(StrictRequestModel):
    """How a job is tried anew."""

    force: Flag = Field(
        default=False, description="Also where an earlier submission may still be billed; that is recorded."
    )


class RateResult(StrictRequestModel):
    """A person's word on a job's outputs; it replaces what was said before."""

    kept: Flag | None = Field(description="Whether the result is kept; null takes the word back.")
