"""Events: one job's timeline, and live streams of one job and of the list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Request, Response

from api.access.door import HTTPS
from api.access.scopes import needs
from api.clock import now
from api.dependencies import DoorDep, FeedDep, IdInPath, JobReaderDep, LimitsDep, OwnerDep, SettingsDep
from api.http.errors import problems
from api.http.strict_json import StrictRoute
from api.jobs.timeline import event_answer, measure_stages
from api.live.event_stream import MEDIA_TYPE, EventStream
from api.schemas.events import Timeline
from promptmill.contracts.access import Scope

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=StrictRoute, dependencies=[needs(Scope.JOBS_READ)])

LIST_HEARTBEAT_SECONDS: Final = 15.0
"""The longest silence of a list's stream: the page takes 20 s of it for a server that hangs."""

_STREAM_PROBLEMS: Final = problems(HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_STREAM: Final[dict[str, Any]] = {"schema": {"type": "string"}}


async def _still_admitted(request: Request, door: DoorDep) -> Callable[[], Awaitable[bool | None]]:
    """Return what says whether a stream's caller may still read: a key may be revoked while it is open."""
    peer = request.client.host if request.client else None
    return partial(door.still_admits, request.headers, peer, https=request.scope[HTTPS], scope=Scope.JOBS_READ)


StillAdmittedDep = Annotated[Callable[[], Awaitable[bool | None]], Depends(_still_admitted)]


@router.get(
    "/events",
    response_class=Response,
    responses={
        **_STREAM_PROBLEMS,
        200: {
            "description": "`resync`: fetch the list (again). `job`: a job that has changed, as it appears in the "
            "list. `batch`: a batch has changed; its `batchId`. `situation`: something has stopped or goes on, see "
            "`GET /api/init`. Comments are heartbeats.",
            "content": {MEDIA_TYPE: _STREAM},
        },
    },
)
async def follow_jobs(
    feed: FeedDep, owner: OwnerDep, limits: LimitsDep, settings: SettingsDep, still_admitted: StillAdmittedDep
) -> Response:
    """Follow all jobs live (server-sent events). The stream cannot be resumed: it always begins with `resync`."""
    most = (await limits.of(owner)).streams
    with ExitStack() as held:
        subscriber = held.enter_context(feed.subscribe_to_list(owner, most))
        await feed.ready()
        heartbeat_seconds = min(settings.stream_heartbeat_seconds, LIST_HEARTBEAT_SECONDS)
        return EventStream(subscriber, held.pop_all(), heartbeat_seconds, still_admitted)


@router.get(
    "/{job_id}/events",
    response_model=Timeline,
    responses={
        **_STREAM_PROBLEMS,
        **problems(HTTPStatus.NOT_FOUND),
        200: {
            "description": "The timeline, or a live stream if `Accept` asks for one. `job`: the whole job, at the "
            "beginning and after changes. `change`: one event of the timeline, with its `sequence` as the id. The "
            "stream closes after the event that ends the job.",
            "content": {MEDIA_TYPE: _STREAM},
        },
        204: {"description": "The job has ended and `Last-Event-ID` is its newest event: nothing more will follow."},
    },
)
async def list_job_events(
    *,
    job_id: IdInPath,
    request: Request,
    jobs: JobReaderDep,
    feed: FeedDep,
    limits: LimitsDep,
    settings: SettingsDep,
    still_admitted: StillAdmittedDep,
    last_event_id: Annotated[str | None, Header(description="Live only: the id of the last event received.")] = None,
) -> Any:
    """Return everything that happened to a job, in order, or follow it live (`Accept: text/event-stream`)."""
    await jobs.find(job_id)
    if MEDIA_TYPE not in request.headers.get("accept", ""):
        events = await jobs.store.jobs.events(job_id)
        stages = measure_stages(events, now())
        return Timeline(items=[event_answer(event) for event in events], stages=stages)
    most = (await limits.of(jobs.owner)).streams
    with ExitStack() as held:
        subscriber = held.enter_context(feed.subscribe_to_job(jobs.owner, job_id, most))
        await feed.ready()
        if not await feed.send_initial(subscriber, job_id, _sequence(last_event_id)):
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return EventStream(subscriber, held.pop_all(), settings.stream_heartbeat_seconds, still_admitted)


def _sequence(last_event_id: str | None) -> int | None:
    """Return the sequence in a `Last-Event-ID`; None if it is not one of ours."""
    known = last_event_id or ""
    return int(known) if known.isascii() and known.isdigit() and len(known) < 10 else None  # noqa: PLR2004  # int4
