"""What an operator may have switched off: new work (`promptmill drain`), new prompts of Grok (`promptmill flag`)."""

from __future__ import annotations

from fastapi import Depends

from api.dependencies import StoreDep
from api.http.errors import Refused
from promptmill.contracts.store import IdempotencyKey
from promptmill.store import Store


async def _require_intake(store: StoreDep) -> None:
    """Let a request pass that makes new work.

    Raises:
        Refused: `intake_stopped`, with the operator's words.
        RecordUnavailable: Postgres is away.
    """
    stopped = await store.operations.drain()
    if stopped is not None:
        reason = f" The operator says: {stopped.reason}" if stopped.reason else ""
        raise Refused(
            "intake_stopped",
            f"New jobs are not accepted since {stopped.changed_at:%F %T} UTC; ask again later.{reason}",
        )


REQUIRE_INTAKE = Depends(_require_intake)
"""Stands at every route that makes new work."""


async def require_ai_prompts(store: Store, *, owner: str, key: IdempotencyKey | None) -> None:
    """Let a request pass that would ask Grok; also one that repeats what was accepted before, for it asks nobody.

    Raises:
        Refused: `ai_prompts_off`, with the operator's words.
        RecordUnavailable: Postgres is away.
    """
    off = await store.operations.ai_prompts_off()
    if off is None or (key is not None and await store.jobs.accepted_before(owner, key)):
        return
    reason = f" The operator says: {off.reason}" if off.reason else ""
    raise Refused(
        "ai_prompts_off",
        f"Grok writes no new prompts since {off.changed_at:%F %T} UTC: write the prompt yourself, or have an operator "
        f"run `promptmill flag ai-prompts on`.{reason}",
    )
