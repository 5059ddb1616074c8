"""The base of all messages that pass through Temporal."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """One frozen object: the single input or output of a workflow, activity or signal.

    Unknown fields are ignored, so that an older worker can read a newer one's messages. New fields need a default.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
