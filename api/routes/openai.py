"""OpenAI's shape: for programs that are written for OpenAI's API and make pictures.

Every picture is an ordinary job. The routes are not in the OpenAPI document: their shape is OpenAI's, described there
and in `docs/openai.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from api.access.scopes import needs
from api.dependencies import (
    ByDep,
    CallerDep,
    CatalogueDep,
    FeedDep,
    JobReaderDep,
    LimitsDep,
    OwnerDep,
    OwnUrlDep,
    ResourcesDep,
    SettingsDep,
    UploadSlotsDep,
)
from api.http.errors import CLIENT_LEFT, FieldError, Refused
from api.http.openai_errors import OPENAI_FOLDER
from api.http.strict_json import StrictRoute
from api.jobs.creating import Creation
from api.openai.answering import Returning, refuse_unfinished
from api.openai.asking import Asked, asked, mask_input
from api.openai.forms import EditForm, clean_mask, read_edit
from api.openai.marking import Marks, make
from api.openai.naming import Names
from api.openai.waiting import wait
from api.schemas.openai import ImageRequest, ModelPage, ResponseFormat
from api.uploads.pictures import CleanPicture, PictureLimits, clean_picture
from promptmill.contracts.access import Scope

JOBS: Final = "Promptmill-Jobs"
"""The header that names the jobs of a request, comma-separated."""


async def _turned_on(settings: SettingsDep) -> None:
    if not settings.openai_api:
        raise Refused("not_found", "OpenAI's shape is turned off here: PROMPTMILL_OPENAI_API=true turns it on.")


router = APIRouter(
    prefix=OPENAI_FOLDER.rstrip("/"),
    route_class=StrictRoute,
    dependencies=[Depends(_turned_on)],
    include_in_schema=False,
)


async def _names(catalogue: CatalogueDep, settings: SettingsDep, limits: LimitsDep, owner: OwnerDep) -> Names:
    return Names(settings.openai_models, await catalogue.look(), await limits.of(owner))


NamesDep = Annotated[Names, Depends(_names)]


class _Work:
    """What a request needs to become jobs and pictures."""

    def __init__(
        self,
        *,
        request: Request,
        resources: ResourcesDep,
        catalogue: CatalogueDep,
        feed: FeedDep,
        jobs: JobReaderDep,
        limits: LimitsDep,
        caller: CallerDep,
        own_url: OwnUrlDep,
        slots: UploadSlotsDep,
        by: ByDep,
    ) -> None:
        self.request = request
        self.resources = resources
        self.caller = caller
        self.limits = limits
        self.slots = slots
        self._feed = feed
        self._jobs = jobs
        self._creation = Creation(resources, catalogue, limits, caller)
        self._returning = Returning(resources, by, own_url)

    async def answer(self, marks: Marks, wanted: Asked) -> Response:
        """Make what is asked for, wait for it and return it.

        Raises:
            Refused, PromptmillError: As in `make`, and what `refuse_unfinished` says.
        """
        owner, seconds = self.caller.owner, self.resources.settings.sync_seconds
        most = (await self.limits.of(owner)).streams
        # Both before anything is accepted: whoever cannot wait would only pay.
        with self._feed.slots.hold(owner, most):
            await self._feed.ready()
            made = await make(marks, wanted.times, self._creation, wanted.job)
            named = {JOBS: ",".join(str(job.id) for job in made)}
            try:
                if not await wait(self._feed, (job.id for job in made), self.request, seconds):
                    return Response(status_code=CLIENT_LEFT)
                answers = [await self._jobs.show(job.id) for job in made]
                refuse_unfinished(answers, seconds)
                if wanted.response_format is ResponseFormat.URL:
                    pictures = await self._returning.pictures(answers, wanted.response_format)
                else:
                    async with self.slots.hold():
                        pictures = await self._returning.pictures(answers, wanted.response_format)
            except Refused as error:
                error.headers = {**(error.headers or {}), **named}
                raise
        return JSONResponse(pictures.model_dump(exclude_none=True), headers=named)

    async def uploaded(self, form: EditForm) -> tuple[list[str], str | None]:
        """Store a form's pictures and its mask where providers can open them; return their URLs."""
        settings = self.resources.settings
        limits = PictureLimits(settings.upload_max_bytes, settings.upload_max_pixels)
        pictures = [await self._stored(partial(clean_picture, data, limits)) for data in form.pictures]
        mask = None if form.mask is None else await self._stored(partial(clean_mask, form.mask, limits))
        return pictures, mask

    async def _stored(self, cleaned: Callable[[], CleanPicture]) -> str:
        await self.limits.take_upload(self.caller.owner, self.request.scope)
        picture = await self.slots.decode(cleaned)
        return await self.resources.uploads.upload(picture.data, picture.content_type)


WorkDep = Annotated[_Work, Depends(_Work)]


@router.post("/images/generations", dependencies=[needs(Scope.JOBS_WRITE)])
async def generate_images(wanted: ImageRequest, work: WorkDep, names: NamesDep) -> Response:
    """Make pictures from a prompt."""
    entry = names.find(wanted.model, edits=False)
    marks = Marks.of(work.request, work.caller, wanted.model_dump(mode="json"))
    return await work.answer(marks, asked(wanted, entry))


@router.post("/images/edits", dependencies=[needs(Scope.JOBS_WRITE)])
async def edit_images(work: WorkDep, names: NamesDep) -> Response:
    """Change pictures, which come as the files of a form."""
    # Before the body is read: without a key the work would be wasted.
    work.resources.uploads.require_key()
    async with work.slots.hold():
        form = await read_edit(work.request, work.resources.settings.upload_max_bytes)
        entry = names.find(form.request.model, edits=True)
        if entry.pictures_field is None:
            error = FieldError(pointer="/model", message=f"{entry.model} changes no pictures: name a model that does.")
            raise Refused("invalid_request", errors=[error])
        if form.mask is not None:
            mask_input(entry)
        asked(form.request, entry)
        marks = Marks.of(work.request, work.caller, form.content)
        pictures, mask = await work.uploaded(form)
    return await work.answer(marks, asked(form.request, entry, pictures=pictures, mask=mask))


@router.get("/models", dependencies=[needs(Scope.JOBS_READ)])
async def list_models(names: NamesDep) -> ModelPage:
    """List the models that make pictures, the aliases first."""
    return ModelPage(data=[*names.all()])


@router.get("/models/{model:path}", dependencies=[needs(Scope.JOBS_READ)])
async def show_model(model: Annotated[str, Path()], names: NamesDep) -> Response:
    """Return one of them."""
    for each in names.all():
        if each.id == model:
            return JSONResponse(each.model_dump(), HTTPStatus.OK)
    names.find(model, edits=False)
    raise Refused("unknown_model", f"You may not use {model}.")
