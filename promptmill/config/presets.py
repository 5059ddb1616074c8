"""The WaveSpeed models that we know (`presets.toml`), and a submission's body made from one."""

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

NEVER_SENT: Final = frozenset({"enable_sync_mode", "enable_base64_output"})
"""Inputs that would hold the paid POST open for minutes, or bring megabytes where an address is expected."""

LARGEST_SEED: Final = 2_147_483_647
"""Seeds that we choose lie between 0 and this; it is the smallest limit of the models that have seeds."""

_VIDEO = re.compile(r"(?i)video|(^|[/_.-])[itv]2v([/_.-]|$)")


class Preset(Message):
    """What we know of one model; `presets.toml` says what each field means."""

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
    """Return what we know of a model, or None."""
    return load_presets().get(model)


def kind_of(model: str) -> MediaKind:
    """Return what a model makes: its preset's kind, else a guess from its path."""
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
    """Return the inputs with a job's pictures in the model's field: the one rule of which pictures go, in which order.

    The references go as they stand, then the target. Where there are more than the model takes, the target goes all the
    same, and the last references stay out; acceptance says so, or refuses (`api/jobs/pictures.py`).

    Args:
        input: The caller's inputs; what stands in the field is never replaced.
        field: The input that takes pictures, `images` (a list) or `image` (one); None where there is none.
        room: How many pictures the field takes.
        target_url: The picture to work on.
        ref_urls: Pictures to go by.
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
        input: The inputs, pictures included; what stands there is never replaced.
        prompt: The text that is sent.
        seed: Sent where the model has seeds and the caller gave none; it makes the submission findable.
    """
    body = {name: value for name, value in input.items() if name not in NEVER_SENT}
    body["prompt"] = prompt
    preset = preset_for(model)
    if preset is None:
        return body
    if preset.seed and seed is not None and body.get("seed") is None:
        body["seed"] = seed
    return preset.defaults | body
