"""Plans of batches: what a table of jobs would be and cost. Nothing is stored."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from api.access.scopes import needs
from api.batches.bodies import FORM, TableRoute
from api.dependencies import PlannerDep
from api.http.bodies import PLAN
from api.http.errors import WITH_BODY, problems
from api.schemas.batch_runs import PlanBatch
from api.schemas.batches import PlanAnswer
from promptmill.contracts.access import Scope

router = APIRouter(tags=["batches"], route_class=TableRoute)


@router.post(
    PLAN,
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses=problems(
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        *WITH_BODY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
    openapi_extra=FORM,
)
async def plan_batch(request: PlanBatch, planner: PlannerDep) -> PlanAnswer:
    """Check a table and say what it would cost, and how long it would take. Nothing is stored, made or paid.

    It takes the body of `POST /api/batches`, so that what was planned can be created as it stands.

    Each row is checked as `POST /api/jobs/create` checks a job. What is wrong is told by row and column, all at once;
    an error in the template itself is a 422 with a pointer below `/template`. WaveSpeed is asked for each different
    price once, 40 at most.

    Send JSON, or `multipart/form-data` with the JSON as `request` and the table as the file `table`; 16 MiB at most.
    """
    planner.checker.refuse_callback(request.callback_url)
    return await planner.plan(request)
