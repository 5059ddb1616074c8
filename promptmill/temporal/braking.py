"""A brake that is set is told to the audit log afterwards: it must not depend on Postgres."""

from __future__ import annotations

from typing import Any

from promptmill.contracts.access import By
from promptmill.contracts.audit import Action, AuditFilter
from promptmill.store import Store
from promptmill.temporal.brakes import Brake


async def note_brake(store: Store, by: By, read: Brake, now: Brake) -> None:
    """Write what changed of a provider's brake into the audit log.

    Args:
        store: The record.
        by: Who set it.
        read: What Temporal said before.
        now: What it answered.

    Raises:
        RecordUnavailable: Postgres is unavailable. Setting the brake once more writes it.
    """
    target = f"provider:{now.provider}"
    before, after = _state(read), _state(now)
    if before == after:
        # Right after a change Temporal may still return the state of before it; the log knows better.
        last = await store.audit.list(AuditFilter(action=Action.BRAKE_SET, target=target, limit=1))
        before = (last[0].after or {}) if last else before
    if before != after:
        await store.audit.note(by, Action.BRAKE_SET, target=target, before=before, after=after)


def _state(brake: Brake) -> dict[str, Any]:
    return {"perSecond": brake.per_second, "reason": brake.reason or None}
