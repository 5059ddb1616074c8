"""Server-sent events as bytes. JSON contains no line breaks, so one `data:` line is enough."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from api.live.subscribers import Frame
from api.schemas.bases import Answer
from api.schemas.events import Event
from api.schemas.jobs import JobAnswer

GREETING: Final = b"retry: 2000\n\n"
"""A browser's reconnect delay, in milliseconds."""

HEARTBEAT: Final = b": still here\n\n"
"""A comment; it keeps proxies and clients from treating the stream as dead."""

RESYNC: Final = Frame(0, b"event: resync\ndata: {}\n\n")
"""Tells the client to reload everything: earlier changes cannot be replayed."""

SITUATION: Final = Frame(0, b"event: situation\ndata: {}\n\n")
"""Tells the client that something has stopped or goes on: `GET /api/init` has what."""


def batch_frame(batch_id: UUID) -> Frame:
    """Tell the client that a batch has changed: `GET /api/batches/{batchId}` has how it stands."""
    return Frame(0, f'event: batch\ndata: {{"batchId":"{batch_id}"}}\n\n'.encode())


def change_frame(event: Event) -> Frame:
    """Return an event of a job's timeline, with its sequence as id."""
    return Frame(event.sequence, _encode("change", event, event.sequence))


def job_frame(job: JobAnswer, sequence: int | None = None, *, last: bool = False) -> Frame:
    """Return a whole job, with the sequence of its newest event as id; without one, a client cannot resume from it."""
    return Frame(sequence or 0, _encode("job", job, sequence), last)


def _encode(name: str, data: Answer, sequence: int | None) -> bytes:
    event_id = "" if sequence is None else f"id: {sequence}\n"
    return f"event: {name}\n{event_id}data: {data.model_dump_json()}\n\n".encode()
