"""For probes and Prometheus: alive, ready, metrics."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Response

from api.dependencies import MetricsDep, ResourcesDep, StoreDep
from api.installation.readiness import look_ready
from api.schemas.operations import Alive, Readiness
from promptmill.contracts.errors import RecordUnavailable

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def tell_alive() -> Alive:
    """Tell that this process answers. Asks nobody else: a probe must not restart us for a neighbour's fault."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Postgres or Temporal is away."}})
async def tell_ready(resources: ResourcesDep, response: Response) -> Readiness:
    """Tell whether Postgres and Temporal answer, and why not."""
    found = await look_ready(resources)
    if not found.ok:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return found


@router.get("/metrics", response_class=Response)
async def show_metrics(metrics: MetricsDep, store: StoreDep) -> Response:
    """Show the metrics of this process and the record's counters; without those while Postgres is away."""
    try:
        counts = await store.operations.counts()
    except RecordUnavailable:
        counts = {}
    body, content_type = metrics.render(counts)
    return Response(body, headers={"Content-Type": content_type})
