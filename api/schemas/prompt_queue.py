"""Requests about prompt jobs."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from api.schemas.fields import (
    DAY,
    DeadlineSeconds,
    InstructionsText,
    Metadata,
    OptionalUrl,
    Priority,
    PromptText,
    RefUrls,
)
from api.schemas.strict import StrictRequestModel, field_errors
from promptmill.contracts.prompts import Operation


class EnqueuePrompt(StrictRequestModel):
    """A prompt job to accept: Grok writes one prompt. Requires at least one image, instructions or a prompt."""

    operation: Operation | None = Field(
        None, description="Default: `enhance` if a prompt is given, otherwise `generate`."
    )
    instructions: InstructionsText = Field(None, description="What the prompt should achieve.")
    prompt: PromptText = Field(None, description="The prompt to enhance.")
    target_url: OptionalUrl = Field(None, description="The image to change; sent to Grok last.")
    ref_urls: RefUrls = Field(default_factory=list)
    priority: Priority = 5
    deadline_seconds: DeadlineSeconds = DAY
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_what_to_write(self) -> Self:
        if not (self.prompt or self.instructions or self.target_url or self.ref_urls):
            message = "Requires at least one of `prompt`, `instructions`, `targetUrl`, `refUrls`."
            raise field_errors(type(self), [(("instructions",), message)])
        if self.operation is Operation.ENHANCE and self.prompt is None:
            raise field_errors(type(self), [(("operation",), "`enhance` requires a `prompt`.")])
        return self
