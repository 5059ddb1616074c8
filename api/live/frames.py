"""Server-sent events as bytes. JSON has no line ends, so one `data:` line holds it all."""

from __future__ import annotations

from typing import Final

from api.live.listeners import Piece
from api.schemas.bases import Answer
from api.schemas.jobs import Event, JobAnswer

GREETING: Final = b"retry: 2000\n\n"
"""How long a browser waits before it connects again, in milliseconds."""

HEARTBEAT: Final = b": still here\n\n"
"""A comment: it keeps proxies and listeners from believing that the stream is dead."""

RESYNC: Final = Piece(0, b"event: resync\ndata: {}\n\n")
"""Read everything anew: what happened before this cannot be told."""


def changed_piece(event: Event) -> Piece:
    """Return an event of a job's timeline, with its sequence as id."""
    return Piece(event.sequence, _frame("change", event, event.sequence))


def job_piece(job: JobAnswer, sequence: int | None = None, *, last: bool = False) -> Piece:
    """Return a whole job, as it is after the event with this sequence; without one, no place to resume from."""
    return Piece(sequence or 0, _frame("job", job, sequence), last)


def _frame(name: str, data: Answer, sequence: int | None) -> bytes:
    mark = "" if sequence is None else f"id: {sequence}\n"
    return f"event: {name}\n{mark}data: {data.model_dump_json()}\n\n".encode()
