"""The models that the form offers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from api.schemas.answers import Answer
from promptmill.presets import load_presets

router = APIRouter(prefix="/api/models", tags=["models"])


class ModelAnswer(Answer):
    """One model of WaveSpeed, as far as it is known here. Any other path works as well."""

    model: str = Field(examples=["wavespeed-ai/flux-dev"])
    label: str
    kind: str = Field(description="image or video")
    pictures_field: str | None = Field(description="The input that takes pictures; null: it takes none.")
    max_pictures: int
    sizes: list[str] = Field(description='Values of the input `size` to choose from, "W*H".')
    side_min: int | None
    side_max: int | None
    seed: bool
    defaults: dict[str, Any] = Field(description="Inputs that are sent where the caller gives none.")


class ModelList(Answer):
    """The known models, in the order in which a form shows them."""

    items: list[ModelAnswer]
    source: str = Field(description="Where they are from: `presets`.")


@router.get("")
async def list_models() -> ModelList:
    """List the models that are known here, with their inputs."""
    return ModelList(
        items=[
            ModelAnswer.model_validate(preset.model_dump(mode="json") | {"sizes": list(preset.sizes)})
            for preset in load_presets().values()
        ],
        source="presets",
    )
