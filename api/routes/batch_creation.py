"""Creating batches, and approving the prompts that Grok proposes for one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Response

from api.access.scopes import needs
from api.batches.bodies import FORM, TableRoute
from api.batches.intake import accept_batch
from api.batches.proposing import Proposing
from api.batches.reading import created_answer
from api.batches.waking import wake
from api.dependencies import ByDep, CallerDep, CheckerDep, IdInPath, ResourcesDep
from api.http.bodies import BATCHES
from api.http.errors import problems
from api.http.idempotency import HEADER, REPLAYED
from api.schemas.batch_runs import KEY_CHARACTERS, ApproveBatch, CreateBatch, CreatedBatch
from promptmill.contracts.access import Scope

router = APIRouter(tags=["batches"], route_class=TableRoute)


@router.post(
    BATCHES,
    dependencies=[needs(Scope.JOBS_WRITE)],
    status_code=HTTPStatus.ACCEPTED,
    responses={
        **problems(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
            HTTPStatus.PAYMENT_REQUIRED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.LOCKED,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.REQUEST_TIMEOUT,
        ),
    },
    openapi_extra=FORM,
)
async def create_batch(
    *,
    request: CreateBatch,
    resources: ResourcesDep,
    checker: CheckerDep,
    caller: CallerDep,
    by: ByDep,
    response: Response,
    key: Annotated[
        str | None,
        Header(alias=HEADER, max_length=KEY_CHARACTERS, description="The batch's `key`, if the body has none."),
    ] = None,
) -> CreatedBatch:
    """Accept a batch: the whole table is checked, stored, and then made into jobs, row by row.

    Never more than `maxOpen` of its jobs are open at once, and together they cost no more than `maxCostUsd`: a
    submission is permitted only if what is paid and reserved leaves room for it. Where it does not, the batch is
    paused and says what is left.

    Sent again with the same `key`, it adds only the rows whose own `key` is new. If a row has a known key but different
    content, the request is refused with its line, and nothing is added.

    With the prompts `variants` it waits until `POST …/approve` names those that are to be made.
    """
    checker.refuse_callback(request.callback_url)
    if request.proposed is not None:
        accepted = await Proposing(resources, checker, by).propose(request, key=request.key or key)
    else:
        accepted = await accept_batch(
            request, key=request.key or key, key_id=caller.key_id, checker=checker, store=resources.store, by=by
        )
    await wake(resources, accepted.batch)
    response.headers["Location"] = f"{resources.settings.root_path}{BATCHES}/{accepted.batch.id}"
    if not accepted.new:
        response.headers[REPLAYED] = "true"
    return await created_answer(resources.store, accepted)


@router.post(
    f"{BATCHES}/{{batch_id}}/approve",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={
        **problems(
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ),
    },
)
async def approve_batch(
    batch_id: IdInPath, request: ApproveBatch, resources: ResourcesDep, checker: CheckerDep, by: ByDep
) -> CreatedBatch:
    """Make a batch with these of the prompts that Grok proposed, or with others: it begins to run, within its budget.

    Each row of its table is made with each prompt. Until then nothing of it is made, and nothing paid but the question
    to Grok. Idempotent: a repetition with the same prompts changes nothing, or completes what was broken off.
    """
    accepted = await Proposing(resources, checker, by).approve(batch_id, request.prompts)
    await wake(resources, accepted.batch)
    return await created_answer(resources.store, accepted)
