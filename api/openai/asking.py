"""Turns a request in OpenAI's shape into a job's: what would change the picture is given to the model or refused.

A field that only says what happens anyway is dropped. Every other one is an input of the model under its own name, and
is checked as such by the one acceptance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.catalogue.entries import Entry
from api.http.errors import Refused, invalid, short_name
from api.schemas.bases import unknown_field
from api.schemas.jobs import CreateJob
from api.schemas.openai import ImageRequest, ResponseFormat
from promptmill.contracts.catalogue import InputType, ModelInput
from promptmill.contracts.limits import OUTPUT_INPUTS

HARMLESS: Final[Mapping[str, tuple[Any, ...]]] = {
    "quality": ("auto", "standard"),
    "style": ("vivid",),
    "background": ("auto", "opaque"),
    "moderation": ("auto", "low"),
    "output_format": ("png",),
    "output_compression": (100,),
    "input_fidelity": ("low",),
    "stream": (False,),
    "partial_images": (0,),
}
"""OpenAI's own fields, each with the values that change nothing where a model has no such input: its defaults there,
which clients send without being asked. The files are then in the format that the model makes, which their bytes say;
and WaveSpeed's own moderation applies."""

IGNORED: Final = frozenset({"safety_identifier"})
"""Says who asks, for OpenAI's own watch over its users."""

USER: Final = "openaiUser"
"""Where a job's metadata has the `user` of the request."""

MASKS: Final = ("mask_image", "mask", "mask_url", "mask_image_url")
"""Inputs of models that take a mask."""

_COUNT: Final = "num_images"
_SIDES: Final = re.compile(r"([1-9][0-9]{1,4})x([1-9][0-9]{1,4})")
_B64_MODELS: Final = re.compile(r"(chat)?gpt-image", re.IGNORECASE)
"""Models of OpenAI's that return bytes and never a URL: clients that name one of them expect that."""


@dataclass(frozen=True)
class Asked:
    """What is to be made: `times` jobs with this request, and how its pictures are returned."""

    job: CreateJob
    times: int
    response_format: ResponseFormat


def asked(request: ImageRequest, entry: Entry, *, pictures: Sequence[str] = (), mask: str | None = None) -> Asked:
    """Return what a request asks for.

    Args:
        request: The caller's.
        entry: The model that is meant.
        pictures: URLs of the pictures to change.
        mask: URL of the mask.

    Raises:
        Refused: The model cannot do it.
        RequestValidationError: No model can.
    """
    known = {told.name: told for told in entry.inputs}
    inputs = dict(_others(request.others, known)) | _size(request.size, entry, known)
    if mask is not None:
        inputs[mask_input(entry)] = mask
    times = request.n or 1
    count = known.get(_COUNT)
    if count is not None and 1 < times <= (count.maximum or times):
        inputs[_COUNT], times = times, 1
    usual = ResponseFormat.B64_JSON if _B64_MODELS.match(request.model) else ResponseFormat.URL
    job = {
        "model": entry.model,
        "prompt": request.prompt,
        "input": inputs,
        "refUrls": list(pictures),
        "metadata": {} if request.user is None else {USER: request.user},
    }
    try:
        return Asked(CreateJob.model_validate(job), times, request.response_format or usual)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


def mask_input(entry: Entry) -> str:
    """Return the input of a model that takes a mask.

    Raises:
        Refused: It has none.
    """
    names = {told.name for told in entry.inputs}
    found = next((name for name in MASKS if name in names), None)
    if found is None:
        raise invalid("/mask", f"{entry.model} takes no mask: leave it out, or use a model for inpainting.")
    return found


def _others(given: Mapping[str, Any], known: Mapping[str, ModelInput]) -> Iterator[tuple[str, Any]]:
    """Yield the inputs that a request names itself."""
    for name, value in given.items():
        told = known.get(name)
        if name in OUTPUT_INPUTS:
            raise _wrong(name, "Say with `n` how many pictures there are to be.")
        if name in IGNORED or (value in HARMLESS.get(name, ()) and not _takes(told, value)):
            continue
        if told is not None:
            yield name, value
        elif name in HARMLESS:
            harmless = ", ".join(str(each) for each in HARMLESS[name])
            raise _wrong(name, f"This model has no such input, so only {harmless} changes nothing: leave it out.")
        else:
            raise _wrong(name, unknown_field(name, known.keys() | ImageRequest.model_fields.keys()))


def _takes(told: ModelInput | None, value: Any) -> bool:
    return told is not None and (told.choices is None or value in told.choices)


def _size(size: str | None, entry: Entry, known: Mapping[str, ModelInput]) -> dict[str, Any]:
    """Return the inputs that make pictures of a size, in whichever way the model is told."""
    if size in (None, "", "auto"):
        return {}
    sides = _SIDES.fullmatch(size or "")
    if sides is None:
        raise _wrong("size", "Must be width and height in pixels, such as 1024x1024, or auto.")
    width, height = int(sides[1]), int(sides[2])
    told = known.get("size")
    if told is not None:
        written = f"{width}*{height}"
        if told.type is not InputType.CHOICE or written in (told.choices or ()):
            return {"size": written}
        raise _wrong("size", f"{entry.model} makes {_offered(told)}, or its own size without one.".replace("*", "x"))
    if {"width", "height"} <= known.keys():
        return {"width": width, "height": height}
    told = known.get("aspect_ratio")
    if told is None:
        raise _wrong("size", f"{entry.model} has its own size: leave it out.")
    parts = gcd(width, height)
    ratio = f"{width // parts}:{height // parts}"
    if told.choices is not None and ratio in told.choices:
        return {"aspect_ratio": ratio}
    raise _wrong("size", f"{entry.model} makes pictures in the ratios {_offered(told)}; {size} is {ratio}.")


def _offered(told: ModelInput) -> str:
    return ", ".join(str(choice) for choice in told.choices or ())


def _wrong(name: str, why: str) -> Refused:
    return invalid(f"/{short_name(name)}", why)
