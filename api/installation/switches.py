"""What an operator may have switched off: new work (`promptmill drain`), new prompts of Grok (`promptmill flag`).

Accepting a job or prompt job asks the switches itself, in the same transaction; here are the words. A retry is accepted
by a function of its own, so its route asks first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from fastapi import Depends

from api.dependencies import StoreDep
from api.http.errors import Refused
from promptmill.contracts.errors import SwitchedOff
from promptmill.contracts.store import IdempotencyKey
from promptmill.store import Store
from promptmill.store.operations import DRAIN


@contextmanager
def refusals_by_switches() -> Iterator[None]:
    """Refuse a request that the record refuses because of a switch.

    Raises:
        Refused: `intake_stopped` or `ai_prompts_off`, with the operator's reason.
    """
    try:
        yield
    except SwitchedOff as error:
        told = _intake_stopped if error.switch == DRAIN else _ai_prompts_off
        raise told(error.since, error.reason) from None


async def _require_intake(store: StoreDep) -> None:
    """Admit a request that creates new work.

    Raises:
        Refused: `intake_stopped`, with the operator's reason.
        RecordUnavailable: Postgres is unavailable.
    """
    stopped = await store.operations.drain()
    if stopped is not None:
        raise _intake_stopped(stopped.changed_at, stopped.reason)


REQUIRE_INTAKE = Depends(_require_intake)
"""A dependency of a route that creates new work and does not accept it under `refusals_by_switches`."""


async def require_ai_prompts(store: Store, *, owner: str, key: IdempotencyKey | None) -> None:
    """Admit a request that would ask Grok, or one that repeats an accepted request, which asks nobody.

    Raises:
        Refused: `ai_prompts_off`, with the operator's reason.
        RecordUnavailable: Postgres is unavailable.
    """
    off = await store.operations.ai_prompts_off()
    if off is None or (key is not None and await store.jobs.accepted_before(owner, key)):
        return
    raise _ai_prompts_off(off.changed_at, off.reason)


def _intake_stopped(since: datetime, reason: str | None) -> Refused:
    return Refused(
        "intake_stopped", f"Intake has been stopped since {since:%F %T} UTC; try again later.{_because(reason)}"
    )


def _ai_prompts_off(since: datetime, reason: str | None) -> Refused:
    return Refused(
        "ai_prompts_off",
        f"AI prompts have been off since {since:%F %T} UTC: write the prompt yourself, or have an operator "
        f"run `promptmill flag ai-prompts on`.{_because(reason)}",
    )


def _because(reason: str | None) -> str:
    return f" Reason: {reason}" if reason else ""
