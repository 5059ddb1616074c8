"""Places a job's images on acceptance and stores them in its input, which the worker sends unchanged.

The model's field comes from our preset, else from WaveSpeed's list; `place_pictures` has the rule. Images that the
model does not get are never dropped silently: if the job is still what its caller meant, a warning names them, else it
is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from api.catalogue.entries import Entry
from api.catalogue.reading import RETRY_SECONDS, Catalogue
from api.http.errors import Refused, invalid
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import CreateJob
from promptmill.config.presets import place_pictures
from promptmill.contracts.errors import ProviderUnavailable

_PUT_THEM: Final = "Put images for WaveSpeed into input."


@dataclass(frozen=True)
class Placement:
    """A request's inputs, with its images in the model's field.

    Attributes:
        input: What WaveSpeed gets besides the prompt.
        warnings: Which images it does not get, and why.
        refusal: Why the job would not be what its caller meant, or None.
    """

    input: dict[str, Any]
    warnings: tuple[str, ...] = ()
    refusal: Refused | None = None


async def placed(request: CreateJob | AskPrice, catalogue: Catalogue, *, for_grok: bool) -> Placement:
    """Place a request's images, which are `for_grok` too. Waits briefly for WaveSpeed's list if only that can tell."""
    if not (request.target_url or request.ref_urls):
        return Placement(request.input)
    try:
        entry = await catalogue.find(request.model)
    except ProviderUnavailable as error:
        if for_grok:
            return _unplaced(request, f"{error} {_PUT_THEM}", for_grok=True)
        return Placement(request.input, refusal=_temporary_refusal(request.model, error))
    if entry is None or entry.pictures_field is None:
        why = "is not a known model" if entry is None else "has no known input for images"
        return _unplaced(request, f"{request.model} {why}. {_PUT_THEM}", for_grok=for_grok)
    if request.input.get(entry.pictures_field):
        return _unplaced(request, f"input.{entry.pictures_field} is already set.", for_grok=for_grok)
    return _placed_in(entry, request, for_grok=for_grok)


def _unplaced(request: CreateJob | AskPrice, why: str, *, for_grok: bool) -> Placement:
    return Placement(request.input, (f"The images {_instead(for_grok=for_grok)}: {why}",))


def _placed_in(entry: Entry, request: CreateJob | AskPrice, *, for_grok: bool) -> Placement:
    """Put the images into the model's field, and name the references beyond its limit."""
    room = entry.max_pictures
    inputs = place_pictures(request.input, entry.pictures_field, room, request.target_url, request.ref_urls)
    given = len(request.ref_urls) + bool(request.target_url)
    if given <= room:
        return Placement(inputs)
    takes = f"{entry.model} takes {'one image' if room == 1 else f'{room} images'}"
    references = room - bool(request.target_url)
    if references == 0:
        return Placement(inputs, (f"The references {_instead(for_grok=for_grok)}: {takes}, which is the target.",))
    if not for_grok:
        detail = f"{takes} at most; target and references are {given}."
        return Placement(inputs, refusal=invalid("/refUrls", detail))
    first = "the first" if references == 1 else f"the first {references}"
    return Placement(inputs, (f"The references after {first} {_instead(for_grok=True)}: {takes}.",))


def _instead(*, for_grok: bool) -> str:
    return "go to Grok only" if for_grok else "are not used"


def _temporary_refusal(model: str, error: ProviderUnavailable) -> Refused:
    """Refuse temporarily: the job would be paid for without its images, and may be fine in half a minute."""
    detail = f"{error} Which input of {model} takes images is not known: put them into input, or try again later."
    return Refused("provider_unavailable", detail, headers={"Retry-After": f"{RETRY_SECONDS:.0f}"})
