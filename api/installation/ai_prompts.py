"""Whether Grok may be asked for a new prompt: an operator may have switched it off (`promptmill flag`)."""

from __future__ import annotations

from api.http.errors import Refused
from promptmill.contracts.store import IdempotencyKey
from promptmill.store import Store


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
