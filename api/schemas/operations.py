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
    """A webhook was taken; there is nothing to do again."""

    ok: bool = True


class Readiness(Answer):
    """Whether the neighbours answer, and in a sentence each why not (`problems`) and what else is stopped (`notes`)."""

    ok: bool
    postgres: bool
    temporal: bool
    problems: list[str]
    notes: list[str]


class Alive(Answer):
    """The process answers."""

    ok: bool = True
