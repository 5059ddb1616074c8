"""The presets of WaveSpeed models (`presets.toml`), and a submission's body built from one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field

from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.messages import Message

NEVER_SENT: Final = {
    "enable_sync_mode": "Promptmill polls for the result itself.",
    "enable_base64_output": "Promptmill stores URLs, never images.",
}
"""Inputs that would hold the paid POST open for minutes, or return megabytes where a URL is expected; and why not."""

LARGEST_SEED: Final = 2_147_483_647
"""Maximum of the seeds that we choose: the smallest limit of all models with seeds."""

_VIDEO = re.compile(r"(?i)video|(^|[/_.-])[itv]2v([/_.-]|$)")


class Preset(Message):
    """A model's preset; `presets.toml` explains each field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    label: str
    kind: MediaKind
    pictures_field: Literal["images", "image"] | None = None
    max_pictures: int = Field(1, ge=1)
    sizes: tuple[str, ...] = ()
    side_min: int | None = None
    side_max: int | None = None
    seed: bool = False
    defaults: dict[str, Any] = Field(default_factory=dict)


@cache
def load_presets() -> Mapping[str, Preset]:
    """Read the presets once, by the model's path, in the file's order."""
    text = files(__package__).joinpath("presets.toml").read_text(encoding="utf-8")
    return MappingProxyType({model: Preset(model=model, **fields) for model, fields in tomllib.loads(text).items()})


def preset_for(model: str) -> Preset | None:
    """Return a model's preset, or None."""
    return load_presets().get(model)


def kind_of(model: str) -> MediaKind:
    """Return the kind of media a model generates: its preset's kind, otherwise a guess from its path."""
    preset = preset_for(model)
    if preset is not None:
        return preset.kind
    return MediaKind.VIDEO if _VIDEO.search(model) else MediaKind.IMAGE


def place_pictures(
    input: Mapping[str, Any],  # noqa: A002  # the API's own word for the model's inputs
    field: str | None,
    room: int,
    target_url: str | None,
    ref_urls: Sequence[str],
) -> dict[str, Any]:
    """Return the inputs with a job's images in the model's field: the one rule for which are sent, in which order.

    References are sent in their order, then the target. If there are more than the model takes, the target is still
    sent and the last references are dropped; acceptance warns of it, or refuses (`api/jobs/pictures.py`).

    Args:
        input: The caller's inputs; a value in the field is never overridden.
        field: The input that takes images, `images` (a list) or `image` (one); None if there is none.
        room: How many images the field takes.
        target_url: The image to change.
        ref_urls: Reference images.
    """
    target = [target_url] if target_url else []
    pictures = [*ref_urls[: room - len(target)], *target]
    if field is None or not pictures or input.get(field):
        return dict(input)
    return {**input, field: pictures[0] if field == "image" else pictures}


def compose_request(
    model: str,
    input: Mapping[str, Any],  # noqa: A002  # the API's own word for the model's inputs
    prompt: str,
    seed: int | None,
) -> dict[str, Any]:
    """Return the body of a submission: the job's inputs, completed by the preset, and the prompt.

    Args:
        model: WaveSpeed's path of the model.
        input: The inputs, including images; never overridden.
        prompt: The text that is sent.
        seed: Sent if the model has seeds and the caller gave none; makes the submission findable.
    """
    body = {name: value for name, value in input.items() if name not in NEVER_SENT}
    body["prompt"] = prompt
    preset = preset_for(model)
    if preset is None:
        return body
    if preset.seed and seed is not None and body.get("seed") is None:
        body["seed"] = seed
    return preset.defaults | body
