"""Where a job's pictures go, decided when it is accepted and stored in its input: the worker sends what stands there.

Our preset tells the model's field, else WaveSpeed's list; `place_pictures` has the rule. What the model does not get is
never dropped in silence: a warning says so where the job is still what its caller meant, else the job is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.catalogue.entries import Entry
from api.catalogue.reading import AGAIN_SECONDS, Catalogue
from api.http.errors import Refused, invalid
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import CreateJob
from promptmill.config.presets import place_pictures
from promptmill.contracts.errors import ProviderUnavailable


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
        return _unknown_now(request, str(error), for_grok=for_grok)
    if entry is None or entry.pictures_field is None:
        why = "is not a model that we know" if entry is None else "has no input for pictures that we know"
        return Placement(request.input, (_unused(f"{request.model} {why}.", for_grok=for_grok),))
    if request.input.get(entry.pictures_field):
        said = f"targetUrl and refUrls are not used: input.{entry.pictures_field} is given."
        return Placement(request.input, () if for_grok else (said,))
    inputs = place_pictures(
        request.input, entry.pictures_field, entry.max_pictures, request.target_url, request.ref_urls
    )
    return _with_those_left_out(request, entry, inputs, for_grok=for_grok)


def _unknown_now(request: CreateJob | AskPrice, trouble: str, *, for_grok: bool) -> Placement:
    """Go on with Grok's look at the pictures, or refuse: the job would be paid without what it is made from."""
    if for_grok:
        return Placement(request.input, (_unused(trouble, for_grok=True),))
    detail = f"{trouble} Where {request.model} takes pictures is not known: put them into input, or try again later."
    wait = {"Retry-After": f"{AGAIN_SECONDS:.0f}"}
    return Placement(request.input, refusal=Refused("provider_unavailable", detail, headers=wait))


def _with_those_left_out(
    request: CreateJob | AskPrice, entry: Entry, inputs: dict[str, Any], *, for_grok: bool
) -> Placement:
    """Say which references are too many."""
    room = entry.max_pictures
    given = len(request.ref_urls) + bool(request.target_url)
    if given <= room:
        return Placement(inputs)
    references = room - bool(request.target_url)
    if references == 0:
        where = "go to Grok only" if for_grok else "are not used"
        return Placement(inputs, (f"refUrls {where}: {entry.model} takes one picture, which is targetUrl.",))
    most = "one picture" if room == 1 else f"{room} pictures"
    if for_grok:
        first = "the first" if references == 1 else f"the first {references}"
        return Placement(inputs, (f"refUrls beyond {first} go to Grok only: {entry.model} takes {most}.",))
    message = f"{entry.model} takes {most} at most; targetUrl and refUrls name {given}."
    return Placement(inputs, refusal=invalid("/refUrls", message))


def _unused(why: str, *, for_grok: bool) -> str:
    where = "go to Grok only" if for_grok else "are not used"
    return f"targetUrl and refUrls {where}: {why} Put pictures for WaveSpeed into input."
