"""Models: the list, one model with its fields, and the price of a run."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from api.http.errors import FieldError
from api.schemas.bases import Answer, StrictRequestModel, ValueOf, field_errors
from api.schemas.fields import AllowUnknownModel, ModelPath, OptionalUrl, PromptText, RefUrls
from api.schemas.jobs import wrong_inputs
from promptmill.contracts.catalogue import Control
from promptmill.contracts.jobs import MediaKind

_MODEL: Final = {
    "model": "wavespeed-ai/flux-dev",
    "label": "FLUX dev",
    "kind": "image",
    "picturesField": "image",
    "maxPictures": 1,
    "sizes": ["1024*1024", "768*1024"],
    "sideMin": 256,
    "sideMax": 1536,
    "seed": True,
    "defaults": {"size": "1024*1024", "num_images": 1},
    "basePriceUsd": 0.012,
    "task": "text-to-image",
    "known": "both",
}
_FIELD: Final = {
    "name": "num_images",
    "title": "Images",
    "description": "Number of images.",
    "type": "integer",
    "required": False,
    "default": 1,
    "minimum": 1,
    "maximum": 4,
    "step": None,
    "choices": None,
    "suggestions": None,
    "maxLength": None,
    "movesPrice": True,
    "control": "number",
    "unit": None,
    "placeholder": "",
    "media": [],
    "minItems": None,
    "maxItems": None,
    "itemChoices": None,
    "parts": [],
}


def _example(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


class ModelAnswer(Answer):
    """A known WaveSpeed model. Other model paths can be used with `allowUnknownModel`."""

    model_config = _example(_MODEL)

    model: str
    label: str
    kind: Annotated[str, ValueOf(MediaKind)] = Field(description="What it generates: image, video, audio or text.")
    pictures_field: str | None = Field(description="The input that takes images; null if it takes none.")
    max_pictures: int
    sizes: list[str] = Field(description='Allowed values of the input `size`, "W*H".')
    side_min: int | None = Field(description="Minimum side of a custom size, in pixels.")
    side_max: int | None = Field(description="Maximum side of a custom size, in pixels.")
    seed: bool
    defaults: dict[str, Any] = Field(description="Inputs that are sent unless the caller sets them.")
    base_price_usd: float | None = Field(description="Minimum price of a run; null if unknown.")
    task: str | None = Field(description="WaveSpeed's own category, such as `image-to-video`; null if unknown.")
    known: str = Field(description="Where it comes from: `preset` (ours), `wavespeed` (WaveSpeed's list) or `both`.")


class ModelList(Answer):
    """The known models, in display order."""

    model_config = _example({"items": [_MODEL], "source": "wavespeed", "asOf": "2026-11-24T09:30:00Z"})

    items: list[ModelAnswer] = Field(description="The models.")
    source: Literal["presets", "wavespeed"] = Field(
        description="`wavespeed`: WaveSpeed's list, presets first. `presets`: the list is not available (yet)."
    )
    as_of: datetime | None = Field(description="When WaveSpeed's list was fetched.")


class FieldAnswer(Answer):
    """One input of a model, as shown in a form. Null means not specified; WaveSpeed has the final say."""

    model_config = _example(_FIELD)

    name: str = Field(description="Its name in `input`.")
    title: str = Field(description="For people.")
    description: str = Field(description="What it does, in WaveSpeed's words.")
    type: Literal["text", "number", "integer", "boolean", "choice", "json"] = Field(description="How it is entered.")
    required: bool = Field(description="Whether a run needs it.")
    default: Any = Field(description="The value that applies if none is given.")
    minimum: float | int | None = Field(description="Smallest number.")
    maximum: float | int | None = Field(description="Largest number.")
    step: float | int | None = Field(description="Numbers are multiples of it.")
    choices: list[Any] | None = Field(description="All values of a `choice`.")
    suggestions: list[str] | None = Field(description="Suggested values; others are possible.")
    max_length: int | None = Field(description="Characters of a text.")
    moves_price: bool = Field(description="Whether it is known to affect the price of a run.")
    control: Annotated[str, ValueOf(Control)] = Field(
        description="What a form offers for it; `type` says what its value is."
    )
    unit: str | None = Field(description="The unit of its value.")
    placeholder: str = Field(description="An example of what to enter; empty if there is none.")
    media: list[str] = Field(
        description="What its files may be: `image`, `video`, `audio`, or a media type or an ending. Empty: no files."
    )
    min_items: int | None = Field(description="Fewest entries of a list that is not empty.")
    max_items: int | None = Field(description="Most entries of a list.")
    item_choices: list[Any] | None = Field(description="All values of an entry.")
    parts: list[FieldAnswer] = Field(description="What each entry of a list of objects has.")


class ModelDetail(ModelAnswer):
    """One model with its fields: all inputs except the prompt, images, what is hidden, and what is never sent."""

    model_config = _example(_MODEL | {"description": "Fast text-to-image generation.", "fields": [_FIELD]})

    description: str = Field(description="What the model does.")
    fields: list[FieldAnswer] = Field(description="Its inputs, in display order.")


class AskPrice(StrictRequestModel):
    """The inputs of a run to estimate. Nothing is accepted or stored."""

    model_config = _example(
        {"model": "alibaba/wan-2.6/text-to-video", "input": {"duration": 10}, "prompt": "a lighthouse in a storm"}
    )

    model: ModelPath
    input: dict[str, Any] = Field(
        default_factory=dict, description="The model's own inputs except the prompt; 64 KiB at most."
    )
    prompt: PromptText = Field(None, description="May be omitted if there is none yet.")
    target_url: OptionalUrl = Field(None, description="The image to change.")
    ref_urls: RefUrls = Field(default_factory=list)
    allow_unknown_model: AllowUnknownModel = False

    @model_validator(mode="after")
    def _may_be_sent(self) -> Self:
        wrong = wrong_inputs(self.input)
        if wrong:
            raise field_errors(type(self), wrong)
        return self


class PriceAnswer(Answer):
    """What WaveSpeed would charge for exactly the inputs that would be sent."""

    model_config = _example(
        {
            "model": "wavespeed-ai/wan-2.2/i2v-720p",
            "priceUsd": 0.3,
            "listPriceUsd": None,
            "floor": True,
            "missing": ["duration"],
            "reason": None,
            "problems": [],
            "text": "At least $0.30 at WaveSpeed. “duration” is not set.",
            "askedAt": "2026-11-24T09:30:00Z",
        }
    )

    model: str = Field(description="The model.")
    price_usd: float | None = Field(description="Null if there is none; `reason` says why.")
    list_price_usd: float | None = Field(description="WaveSpeed's list price; null without a discount.")
    floor: bool = Field(description="Whether `priceUsd` is a minimum: the run may cost more.")
    missing: list[str] = Field(description="Inputs that affect the price and are not set.")
    reason: str | None = Field(description="Why there is no price, or why it is a minimum although nothing is missing.")
    problems: list[FieldError] = Field(
        description="Inputs that a job needs and that are not there yet, as `POST /api/jobs/create` would name them."
    )
    text: str = Field(description="The above in words.")
    asked_at: datetime = Field(description="When WaveSpeed was asked.")
