"""Requests and responses about erasing an owner."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.schemas.access import OwnerName
from api.schemas.bases import Answer, StrictRequestModel
from api.schemas.fields import Time


class EraseOwner(StrictRequestModel):
    """What of an owner to erase."""

    confirm: OwnerName = Field(description="The owner's name once more: there is no way back.")
    accepted_until: Time | None = Field(
        None, description="Only what was accepted until then. Default, and at most: until now."
    )


class OwnerErasureAnswer(Answer):
    """An erasure of everything of an owner. It goes on until all of it is erased."""

    owner: str = Field(description="Whose.")
    accepted_until: datetime = Field(description="What was accepted later stays.")
    requested_at: datetime = Field(description="When it was requested.")
