"""Statistics: what some days were like."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from api.access.scopes import needs, owner_asked
from api.dependencies import CallerDep, StoreDep
from api.http.errors import problems
from api.schemas.statistics import (
    AskStatistics,
    DaySpendingAnswer,
    JobsMadeAnswer,
    LikedAnswer,
    PromptsAnswer,
    SecondsAnswer,
    StatisticsAnswer,
)
from promptmill.contracts.access import Scope
from promptmill.contracts.statistics import JobsMade, StatisticsQuery

router = APIRouter(prefix="/api", tags=["statistics"])


@router.get(
    "/statistics",
    dependencies=[needs(Scope.JOBS_READ)],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def show_statistics(
    asked: Annotated[AskStatistics, Query()], store: StoreDep, caller: CallerDep
) -> StatisticsAnswer:
    """Return what some days were like for the caller's owner: prompts, waits, money, likes; admins see all owners.

    What was deleted after its retention is not counted, except in what was spent.
    """
    owner = owner_asked(caller, asked.owner)
    first, last = asked.days()
    found = await store.statistics.of(StatisticsQuery(first=first, last=last, owner=owner, step=asked.by))
    return StatisticsAnswer(
        from_=first,
        to=last,
        zone="UTC",
        by=asked.by,
        owner=owner,
        prompts=[PromptsAnswer.built_from(row) for row in found.prompts],
        jobs=[_made(row) for row in found.jobs],
        spending=[DaySpendingAnswer.built_from(row) for row in found.spending],
        likes=[LikedAnswer.built_from(row) for row in found.likes],
    )


def _made(row: JobsMade) -> JobsMadeAnswer:
    return JobsMadeAnswer(
        at=row.at,
        jobs=row.jobs,
        wait=SecondsAnswer(median=row.wait_seconds[0], p95=row.wait_seconds[1]),
        making=SecondsAnswer(median=row.making_seconds[0], p95=row.making_seconds[1]),
    )
