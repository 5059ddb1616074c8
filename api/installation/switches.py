"""What an operator may have switched off: new work (`promptmill drain`), new prompts of Grok (`promptmill flag`).

Accepting a job or prompt job looks at the switches itself, in the same transaction. A retry is accepted by a function
of its own, which does not: its route asks here first.
"""

from __future__ import annotations

from fastapi import Depends

from api.dependencies import StoreDep
from promptmill.contracts.errors import AiPromptsOff, IntakeStopped
from promptmill.contracts.store import IdempotencyKey
from promptmill.store import Store


async def _require_intake(store: StoreDep) -> None:
    """Admit a request that creates new work.

    Raises:
        IntakeStopped: An operator has stopped it.
        RecordUnavailable: Postgres is unavailable.
    """
    stopped = await store.operations.drain()
    if stopped is not None:
        raise IntakeStopped(stopped.changed_at, stopped.reason)


REQUIRE_INTAKE = Depends(_require_intake)
"""A dependency of a route that creates new work otherwise than by `JobStore.accept` or `PromptStore.accept`."""


async def require_ai_prompts(store: Store, *, owner: str, key: IdempotencyKey | None) -> None:
    """Admit a request that would ask Grok, or one that repeats an accepted request, which asks nobody.

    Raises:
        AiPromptsOff: An operator has turned them off.
        RecordUnavailable: Postgres is unavailable.
    """
    off = await store.operations.ai_prompts_off()
    if off is None or (key is not None and await store.jobs.accepted_before(owner, key)):
        return
    raise AiPromptsOff(off.changed_at, off.reason)
