"""Where a job's pictures go, decided when it is accepted and stored in its input: the worker sends what stands there.

Our preset tells the model's field, else WaveSpeed's list; `place_pictures` has the rule. What the model does not get is
never dropped in silence: a warning says so where the job is still what its caller meant, else the job is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from api.catalogue.entries import Entry
from api.catalogue.reading import AGAIN_SECONDS, Catalogue
from api.http.errors import Refused, invalid
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import CreateJob
from promptmill.config.presets import place_pictures
from promptmill.contracts.errors import ProviderUnavailable

_PUT_THEM: Final = "Put images for WaveSpeed into input."


@dataclass(frozen=True)
class Placement:
    """A request's inputs, with its pictures in the model's field.

    Attributes:
        input: What WaveSpeed gets beside the prompt.
        warnings: Which pictures it does not get, and why.
        refusal: Why the job would not be what its caller meant; None where it is.
    """

    input: dict[str, Any]
    warnings: tuple[str, ...] = ()
    refusal: Refused | None = None


async def placed(request: CreateJob | AskPrice, catalogue: Catalogue) -> Placement:
    """Decide where a request's pictures go. Waits for WaveSpeed's list where that alone can tell, and not long."""
    if not (request.target_url or request.ref_urls):
        return Placement(request.input)
    for_grok = isinstance(request, CreateJob) and request.use_ai_prompt
    try:
        entry = await catalogue.find(request.model)
    except ProviderUnavailable as error:
        if for_grok:
            return _unplaced(request, f"{error} {_PUT_THEM}", for_grok=True)
        return Placement(request.input, refusal=_refusal_for_now(request.model, error))
    if entry is None or entry.pictures_field is None:
        why = "is not a known model" if entry is None else "has no known input for images"
        return _unplaced(request, f"{request.model} {why}. {_PUT_THEM}", for_grok=for_grok)
    if request.input.get(entry.pictures_field):
        return _unplaced(request, f"input.{entry.pictures_field} is already set.", for_grok=for_grok)
    return _placed_in(entry, request, for_grok=for_grok)


def _unplaced(request: CreateJob | AskPrice, why: str, *, for_grok: bool) -> Placement:
    return Placement(request.input, (f"targetUrl and refUrls {_instead(for_grok=for_grok)}: {why}",))


def _placed_in(entry: Entry, request: CreateJob | AskPrice, *, for_grok: bool) -> Placement:
    """Put the pictures into the field that the model has, and say which references are too many."""
    room = entry.max_pictures
    inputs = place_pictures(request.input, entry.pictures_field, room, request.target_url, request.ref_urls)
    given = len(request.ref_urls) + bool(request.target_url)
    if given <= room:
        return Placement(inputs)
    takes = f"{entry.model} takes {'one image' if room == 1 else f'{room} images'}"
    references = room - bool(request.target_url)
    if references == 0:
        return Placement(inputs, (f"refUrls {_instead(for_grok=for_grok)}: {takes}, which is targetUrl.",))
    if not for_grok:
        detail = f"{takes} at most; targetUrl and refUrls contain {given}."
        return Placement(inputs, refusal=invalid("/refUrls", detail))
    first = "the first" if references == 1 else f"the first {references}"
    return Placement(inputs, (f"refUrls after {first} {_instead(for_grok=True)}: {takes}.",))


def _instead(*, for_grok: bool) -> str:
    return "go to Grok only" if for_grok else "are not used"


def _refusal_for_now(model: str, error: ProviderUnavailable) -> Refused:
    """Refuse what would be paid without the pictures that it is made from, and may be right in half a minute."""
    detail = f"{error} Which input of {model} takes images is not known: put them into input, or try again later."
    return Refused("provider_unavailable", detail, headers={"Retry-After": f"{AGAIN_SECONDS:.0f}"})
