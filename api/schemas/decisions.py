"""What a person decides about a job that is unclear or has ended, and how they rate its result."""

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
        description="As listed in WaveSpeed's history. Only its format is checked here: the result is trusted once the "
        "worker has read it with our key.",
        examples=["e6832d4abffb4d79bfbca19783fca133"],
    ),
]
"""An id of WaveSpeed: opaque, so far always 32 hexadecimal digits, and never a path."""


class ResolveJob(StrictRequestModel):
    """A decision on a job in `submit_unknown`."""

    decision: Decision = Field(
        description="`adopt`: this prediction belongs to the job. `resubmit`: submit again, which is charged again. "
        "`abandon`: give up on the job."
    )
    prediction_id: PredictionId | None = Field(None, description="With `adopt`: the prediction.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        adopts = self.decision is Decision.ADOPT
        if adopts and self.prediction_id is None:
            raise field_errors(type(self), [(("predictionId",), "`adopt` requires the prediction to adopt.")])
        if not adopts and self.prediction_id is not None:
            raise field_errors(type(self), [(("predictionId",), "Only valid with `adopt`.")])
        return self


class RetryJob(StrictRequestModel):
    """How a job is retried."""

    force: Flag = Field(
        default=False, description="Retry even if an earlier submission may still be billed; this is recorded."
    )


class RateResult(StrictRequestModel):
    """A rating of a job's outputs; replaces the previous one."""

    kept: Flag | None = Field(description="Whether the result is kept; null removes the rating.")
