"""A job's live stream: server-sent events read from bytes, and when to open it again. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from uuid import UUID

import httpx
from pydantic import ValidationError

from promptmill_client.calls import follow_job
from promptmill_client.errors import UnexpectedAnswer, Unreachable
from promptmill_client.flows import ENDED, OUTAGE_SECONDS, wait_before_repeating
from promptmill_client.messages import Call, settled
from promptmill_client.models import Event, JobAnswer

SILENCE_SECONDS: Final = 60.0
"""Longest silence of a stream that is still taken for alive: its heartbeats come more often."""

_MOST_BYTES: Final = 16 * 2**20
"""Of one event: more is no stream of this API."""


@dataclass
class Frames:
    """Cuts bytes into events.

    Lines are cut here, because `httpx` would also cut at characters that JSON may contain (U+2028).
    """

    _rest: bytes = b""
    _name: str = ""
    _id: str | None = None
    _data: list[bytes] = field(default_factory=list)

    def feed(self, chunk: bytes) -> Iterator[tuple[str, str | None, bytes]]:
        """Yield each event that is complete: its name, its id and its data."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) + sum(map(len, self._data)) > _MOST_BYTES:
            raise UnexpectedAnswer("The stream sends an event without an end.")
        for line in lines:
            text = line.removesuffix(b"\r")
            if text:
                self._field(text)
            elif self._data:
                yield self._name or "message", self._id, b"\n".join(self._data)
                self._clear()
            else:
                self._clear()

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode(errors="replace")
        elif name == b"id":
            self._id = value.decode(errors="replace")

    def _clear(self) -> None:
        self._name, self._id, self._data = "", None, []


@dataclass
class Following:
    """Follows one job: what is asked for, what comes, and what happens when the stream breaks.

    Attributes:
        over: Whether nothing more will follow.
    """

    job_id: UUID
    over: bool = False
    _last_id: str | None = None
    _broken: int = 0
    _waited: float = 0.0
    _frames: Frames = field(default_factory=Frames)

    def call(self) -> Call[None]:
        """Return the call that opens the stream where it broke."""
        self._frames = Frames()
        return follow_job(self.job_id, self._last_id)

    def opened(self, response: httpx.Response) -> None:
        """Note how the stream was answered; refusals have been raised."""
        self.over = response.status_code == HTTPStatus.NO_CONTENT

    def feed(self, chunk: bytes) -> Iterator[JobAnswer | Event]:
        """Yield what has come: the job after each change, and each entry of its timeline."""
        for name, event_id, data in self._frames.feed(chunk):
            self._broken, self._waited = 0, 0.0
            self._last_id = event_id or self._last_id
            try:
                if name == "job":
                    job = JobAnswer.model_validate_json(data)
                    self.over = job.status in ENDED
                    yield job
                elif name == "change":
                    yield Event.model_validate_json(data)
            except ValidationError as error:
                raise UnexpectedAnswer(f"The stream sends what this client does not expect: {error}") from None

    def wait(self, outcome: httpx.Response | httpx.TransportError | None) -> float:
        """Return after how many seconds the stream is opened again.

        Raises:
            ApiError: It is refused, and asking again would not help.
            Unreachable: It has been away for too long.
        """
        call = self.call()
        seconds = wait_before_repeating(call, outcome, self._broken)
        self._broken += 1
        if isinstance(outcome, httpx.Response) and (seconds is None or self._waited > OUTAGE_SECONDS):
            settled(call, outcome)
        if seconds is None or self._waited > OUTAGE_SECONDS:
            raise Unreachable(f"The stream of job {self.job_id} is away: {outcome!r}.")
        self._waited += seconds
        return seconds
