"""Requests and responses in the shape of OpenAI's API: their names, and their habits with what is missing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.fields import METADATA_VALUE_CHARACTERS, PROMPT_CHARACTERS, storable
from promptmill.contracts.catalogue import MODEL_CHARACTERS

MOST_PICTURES: Final = 10
"""Of one request, as at OpenAI."""


class ResponseFormat(StrEnum):
    """How pictures are returned."""

    URL = "url"
    B64_JSON = "b64_json"


class ImageRequest(BaseModel):
    """A request for pictures. What is not named here is judged by the model that it is for."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    model: Annotated[str, StringConstraints(min_length=1, max_length=MODEL_CHARACTERS)]
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=PROMPT_CHARACTERS)]
    n: Annotated[int, Field(ge=1, le=MOST_PICTURES)] | None = None
    size: Annotated[str, StringConstraints(max_length=20)] | None = None
    response_format: ResponseFormat | None = None
    user: Annotated[str, StringConstraints(max_length=METADATA_VALUE_CHARACTERS), AfterValidator(storable)] | None = (
        None
    )

    @property
    def others(self) -> dict[str, Any]:
        """The fields that are not named here, without those that are null."""
        return {name: value for name, value in (self.model_extra or {}).items() if value is not None}


class Picture(BaseModel):
    """One picture: where it is, or its bytes."""

    url: str | None = None
    b64_json: str | None = None


class Pictures(BaseModel):
    """The pictures of a request."""

    created: int
    data: list[Picture]


class Model(BaseModel):
    """A model that makes pictures."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelPage(BaseModel):
    """All of them: there is one page."""

    object: Literal["list"] = "list"
    data: list[Model]
