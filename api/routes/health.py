"""For probes and Prometheus: alive, ready, metrics."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Response

from api.dependencies import MetricsDep, ResourcesDep, StoreDep
from api.schemas.answers import Alive, Readiness
from promptmill.contracts.errors import RecordUnavailable
from promptmill.store import Store

router = APIRouter(tags=["health"])

PROBE_SECONDS = 3
"""How long a neighbour may take to answer a probe; probes give up soon themselves."""


@router.get("/healthz")
async def tell_alive() -> Alive:
    """Tell that this process answers. Asks nobody else: a probe must not restart us for a neighbour's fault."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Postgres or Temporal is away."}})
async def tell_ready(resources: ResourcesDep, response: Response) -> Readiness:
    """Tell whether Postgres and Temporal answer."""
    postgres, temporal = await asyncio.gather(postgres_answers(resources.store), resources.gate.ping())
    if not (postgres and temporal):
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(ok=postgres and temporal, postgres=postgres, temporal=temporal)


@router.get("/metrics", response_class=Response)
async def show_metrics(metrics: MetricsDep, store: StoreDep) -> Response:
    """Show the metrics of this process and the record's counters; without those while Postgres is away."""
    try:
        counts = await store.operations.counts()
    except RecordUnavailable:
        counts = {}
    body, content_type = metrics.render(counts)
    return Response(body, headers={"Content-Type": content_type})


async def postgres_answers(store: Store) -> bool:
    """Say whether Postgres answers soon."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await store.operations.ping()
    except (RecordUnavailable, TimeoutError):
        return False
    return True
