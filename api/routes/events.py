"""Events: one job's timeline, and live streams of one job and of the list."""

from __future__ import annotations

from contextlib import ExitStack
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response

from api.clock import now
from api.dependencies import FeedDep, IdInPath, JobReaderDep, OwnerDep, SettingsDep
from api.http.errors import problems
from api.http.strict_json import StrictRoute
from api.jobs.timeline import event_answer, measure_stages
from api.live.event_stream import MEDIA_TYPE, EventStream
from api.schemas.jobs import Timeline

router = APIRouter(prefix="/api/jobs", tags=["jobs"], route_class=StrictRoute)

_STREAM_PROBLEMS: Final = problems(HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_STREAM: Final[dict[str, Any]] = {"schema": {"type": "string"}}


@router.get(
    "/events",
    response_class=Response,
    responses={
        **_STREAM_PROBLEMS,
        200: {
            "description": "`resync`: read the list (again). `job`: a job that has changed, as the list shows it. "
            "Comments are heartbeats.",
            "content": {MEDIA_TYPE: _STREAM},
        },
    },
)
async def follow_jobs(feed: FeedDep, owner: OwnerDep, settings: SettingsDep) -> Response:
    """Follow all jobs live (server-sent events). The stream cannot be resumed: it always begins with `resync`."""
    with ExitStack() as held:
        subscriber = held.enter_context(feed.subscribe_to_list(owner))
        await feed.ready()
        return EventStream(subscriber, held.pop_all(), settings.stream_heartbeat_seconds)


@router.get(
    "/{job_id}/events",
    response_model=Timeline,
    responses={
        **_STREAM_PROBLEMS,
        **problems(HTTPStatus.NOT_FOUND),
        200: {
            "description": "The timeline; or, where `Accept` asks for it, a live stream. `job`: the whole job, at the "
            "beginning and after changes. `change`: one event of the timeline, its sequence being the id. It ends "
            "after the event that ends the job.",
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
    settings: SettingsDep,
    last_event_id: Annotated[str | None, Header(description="Live only: the last known event.")] = None,
) -> Any:
    """Return everything that happened to a job, in order, or follow it live (`Accept: text/event-stream`)."""
    await jobs.find(job_id)
    if MEDIA_TYPE not in request.headers.get("accept", ""):
        events = await jobs.store.jobs.events(job_id)
        stages = measure_stages(events, now())
        return Timeline(items=[event_answer(event) for event in events], stages=stages)
    with ExitStack() as held:
        subscriber = held.enter_context(feed.subscribe_to_job(jobs.owner, job_id))
        await feed.ready()
        if not await feed.send_initial(subscriber, job_id, _sequence(last_event_id)):
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return EventStream(subscriber, held.pop_all(), settings.stream_heartbeat_seconds)


def _sequence(last_event_id: str | None) -> int | None:
    """Return the sequence in a `Last-Event-ID`; None if it is not one of ours."""
    known = last_event_id or ""
    return int(known) if known.isascii() and known.isdigit() and len(known) < 10 else None  # noqa: PLR2004  # int4
