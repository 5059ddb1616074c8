"""The models that the form offers, their fields, and what a run would cost."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.access.scopes import needs
from api.catalogue.floors import judge
from api.catalogue.prices import ANY_SEED
from api.catalogue.views import model_answer, model_detail
from api.dependencies import CatalogueDep, PricesDep, SettingsDep
from api.http.errors import WITH_BODY, FieldError, Refused, problems
from api.http.representations import CONDITIONAL, json_answer
from api.http.strict_json import StrictRoute
from api.jobs.inputs import refusal_by_list
from api.jobs.pictures import placed
from api.jobs.reading import usd
from api.jobs.sentences import price_text
from api.jobs.urls import media_addresses, refuse_addresses
from api.schemas.catalogue import AskPrice, ModelDetail, ModelList, PriceAnswer
from promptmill.config.presets import compose_request
from promptmill.contracts.access import Scope

router = APIRouter(
    prefix="/api/models", tags=["models"], route_class=StrictRoute, dependencies=[needs(Scope.JOBS_READ)]
)

PathInPath = Annotated[
    str, Path(description="WaveSpeed's model path, including slashes.", examples=["wavespeed-ai/flux-dev"])
]


@router.get("", response_model=ModelList, responses=CONDITIONAL)
async def list_models(request: Request, catalogue: CatalogueDep) -> Response:
    """List the known models: the presets, then the rest of WaveSpeed's list if it is available.

    WaveSpeed's list is cached for an hour (`PROMPTMILL_MODELS_CACHE_SECONDS`) and refreshed in the background. Until
    it has been fetched once, and without a key, only the presets are listed (`source`).
    """
    models = await catalogue.look()
    answer = ModelList(
        items=[model_answer(entry) for entry in models.entries.values()], source=models.source, as_of=models.as_of
    )
    return json_answer(request, answer)


@router.post(
    "/price",
    responses=problems(*WITH_BODY),
)
async def ask_price(
    request: AskPrice, catalogue: CatalogueDep, prices: PricesDep, settings: SettingsDep
) -> PriceAnswer:
    """Ask WaveSpeed what a run would cost, without running it. Free of charge.

    The inputs are completed exactly as for a submission, including images, and checked against WaveSpeed's list as in
    `POST /api/jobs/create`, except that some may still be missing: `problems` names them. If WaveSpeed returns no
    price, `priceUsd` is null and `reason` says why. Estimates are cached for a minute.
    """
    refuse_addresses(media_addresses(request), allow_private=settings.allow_private_addresses)
    pictures = await placed(request, catalogue, for_grok=False)
    models = await catalogue.look()
    needed: list[FieldError] = []
    refusal = refusal_by_list(request, pictures.input, models, whole=True)
    if refusal is not None:
        if refusal_by_list(request, pictures.input, models, whole=False) is not None:
            raise refusal
        needed = refusal.errors
    body = compose_request(request.model, pictures.input, request.prompt or "", ANY_SEED)
    worth = judge(models.entries.get(request.model), body)
    price = await prices.of(request.model, body)
    reason = price.reason or worth.reason
    return PriceAnswer(
        model=request.model,
        price_usd=usd(price.usd),
        list_price_usd=usd(price.list_usd),
        floor=worth.floor,
        missing=list(worth.missing),
        reason=reason,
        problems=needed,
        text=price_text(price.usd, floor=worth.floor, missing=worth.missing, reason=reason),
        asked_at=price.asked_at,
    )


@router.get("/{model:path}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_model(model: PathInPath, catalogue: CatalogueDep) -> ModelDetail:
    """Return a model's inputs for a form: from WaveSpeed's schema, otherwise from the preset."""
    entry = (await catalogue.look()).entries.get(model)
    if entry is None:
        raise Refused(
            "not_found",
            "This model is not listed. With `allowUnknownModel`, a job can still use any WaveSpeed model path; the "
            "model is sent exactly the inputs that the job gives.",
        )
    return model_detail(entry)
