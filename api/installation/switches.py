"""What an operator may have switched off: new work (`promptmill drain`), new prompts of Grok (`promptmill flag`)."""

from __future__ import annotations

from fastapi import Depends

from api.dependencies import StoreDep
from api.http.errors import Refused
from promptmill.contracts.store import IdempotencyKey
from promptmill.store import Store


async def _require_intake(store: StoreDep) -> None:
    """Admit a request that creates new work.

    Raises:
        Refused: `intake_stopped`, with the operator's reason.
        RecordUnavailable: Postgres is unavailable.
    """
    stopped = await store.operations.drain()
    if stopped is not None:
        reason = f" Reason: {stopped.reason}" if stopped.reason else ""
        raise Refused(
            "intake_stopped",
            f"Intake has been stopped since {stopped.changed_at:%F %T} UTC; try again later.{reason}",
        )


REQUIRE_INTAKE = Depends(_require_intake)
"""A dependency of every route that creates new work."""


async def require_ai_prompts(store: Store, *, owner: str, key: IdempotencyKey | None) -> None:
    """Admit a request that would ask Grok, or one that repeats an accepted request, which asks nobody.

    Raises:
        Refused: `ai_prompts_off`, with the operator's reason.
    RecordUnavailable: Postgres is unavailable.
    """
    off = await store.operations.ai_prompts_off()
    if off is None or (key is not None and await store.jobs.accepted_before(owner, key)):
        return
    reason = f" Reason: {off.reason}" if off.reason else ""
    raise Refused(
        "ai_prompts_off",
        f"AI prompts have been off since {off.changed_at:%F %T} UTC: write the prompt yourself, or have an operator "
        f"run `promptmill flag ai-prompts on`.{reason}",
    )
