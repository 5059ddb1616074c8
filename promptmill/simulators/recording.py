"""Recorded requests of a simulator, in order, for tests to inspect."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from promptmill.simulators.clock import now

KEPT_REQUESTS = 20_000
SHORT_TEXT = 512


@dataclass
class RecordedRequest:
    """One request; `status` is None while it is open, and 0 if its connection was cut."""

    number: int
    where: str
    method: str
    path: str
    query: str
    body: Any
    at: float
    status: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the request as the control interface shows it."""
        return asdict(self)


@dataclass
class Recorder:
    """The requests of one account; the oldest are dropped beyond a limit."""

    _requests: deque[RecordedRequest] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    _count: int = 0

    def add(self, where: str, method: str, path: str, query: str, body: Any) -> RecordedRequest:
        """Record a received request."""
        self._count += 1
        request = RecordedRequest(self._count, where, method, path, query, without_pictures(body), now())
        self._requests.append(request)
        return request

    def as_json(self) -> list[dict[str, Any]]:
        """Return all requests, oldest first."""
        return [request.as_json() for request in self._requests]


def without_pictures(value: Any) -> Any:
    """Return a body with inline images replaced by their beginning, length and hash, to save memory."""
    if isinstance(value, dict):
        return {name: without_pictures(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_pictures(item) for item in value]
    if isinstance(value, str) and value.startswith("data:") and len(value) > SHORT_TEXT:
        digest = sha256(value.encode()).hexdigest()
        return f"{value[:48]}... ({len(value)} characters, sha256 {digest})"
    return value
