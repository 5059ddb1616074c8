"""Settings of the API in OpenAI's shape."""

from __future__ import annotations

import re
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PARTS: Final = (2, 3)
"""Of a model's path: `vendor/name[/variant]`."""


class ModelAlias(NamedTuple):
    """A name that callers in OpenAI's shape may use, and the models that stand behind it.

    Attributes:
        name: What the caller says, such as `gpt-image-1`: without a slash, so that it is never taken for a model's.
        makes: The model that makes pictures from a prompt.
        edits: The model that changes pictures.
    """

    name: str
    makes: str
    edits: str


def _aliases(value: object) -> object:
    """Parse `name=model` or `name=model|model for edits`, comma-separated; leave everything else to pydantic."""
    if not isinstance(value, str):
        return value
    found = [_alias(part.strip()) for part in value.split(",") if part.strip()]
    if len({alias.name for alias in found}) < len(found):
        raise ValueError("names one alias twice")
    return tuple(found)


def _alias(text: str) -> ModelAlias:
    name, _, models = text.partition("=")
    makes, _, edits = (part.strip() for part in models.partition("|"))
    alias = ModelAlias(name.strip(), makes, edits or makes)
    if not _NAME.fullmatch(alias.name) or not all(_is_model(model) for model in alias[1:]):
        raise ValueError(
            f"{text!r} is no alias: write name=vendor/model, or name=vendor/model|vendor/model-for-edits, such as "
            "gpt-image-1=bytedance/seedream-v4|bytedance/seedream-v4/edit"
        )
    return alias


def _is_model(text: str) -> bool:
    parts = text.split("/")
    return len(parts) in _PARTS and all(_PART.fullmatch(part) for part in parts)


ModelAliases = Annotated[tuple[ModelAlias, ...], NoDecode, BeforeValidator(_aliases)]
"""A comma-separated list of aliases."""


class OpenAISettings(BaseModel):
    """Whether programs written for OpenAI's API may use this one, under which names, and how long they wait."""

    openai_api: bool = Field(
        False,
        description="Serve /v1/images/generations, /v1/images/edits and /v1/models in the shape of OpenAI's API, for programs written for that.",
    )
    openai_models: ModelAliases = Field(
        (),
        description="Names for models there, comma-separated: name=model, or name=model|model for edits (gpt-image-1=bytedance/seedream-v4|bytedance/seedream-v4/edit).",
    )
    sync_seconds: float = Field(
        55,
        gt=0,
        le=3600,
        description="How long a request in OpenAI's shape waits for its pictures; a proxy in front must wait longer (nginx: 60 s by default).",
    )
