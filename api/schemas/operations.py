"""What operators, probes and providers are answered."""

from __future__ import annotations

from api.schemas.bases import Answer


class Dispatched(Answer):
    """What `POST /api/dispatch` did."""

    ok: bool
    claimed: int
    started: int


class Reconciled(Answer):
    """What one pass of the reconciler did."""

    started: int
    closed: int
    delivered: int
    resolved: int


class WebhookTaken(Answer):
    """A webhook was accepted; it need not be sent again."""

    ok: bool = True


class Readiness(Answer):
    """Whether the dependencies respond; why not (`problems`) and what else is stopped (`notes`), a sentence each."""

    ok: bool
    postgres: bool
    temporal: bool
    problems: list[str]
    notes: list[str]


class Alive(Answer):
    """The process is alive."""

    ok: bool = True
