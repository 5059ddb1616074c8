"""Whether Grok may be asked for a new prompt: an operator may have turned that off (`promptmill flag`)."""

from __future__ import annotations

from api.http.errors import Refused
from promptmill.contracts.store import IdempotencyKey
from promptmill.store import Store


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
