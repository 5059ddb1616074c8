"""Payloads as Temporal's Web UI and command line send them: protobuf's JSON, with base64 for bytes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_PAYLOADS = 1000
"""In one request."""

Base64 = Annotated[str, Field(pattern="^[A-Za-z0-9+/_-]*={0,2}$")]


class EncodedPayload(BaseModel):
    """One payload. What newer releases of Temporal add is ignored, unlike in our own messages."""

    model_config = ConfigDict(frozen=True)

    metadata: dict[str, Base64] = Field(
        default_factory=dict, description="What the data is, `encoding` among others; values in base64."
    )
    data: Base64 = Field(default="", description="The content, in base64.")


class EncodedPayloads(BaseModel):
    """Payloads in Temporal's own form."""

    model_config = ConfigDict(frozen=True)

    payloads: list[EncodedPayload] = Field(
        default_factory=list,
        max_length=MOST_PAYLOADS,
        description="The payloads; the answer has them in the same order.",
    )
