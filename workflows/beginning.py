"""How a workflow begins: what its start has said is not asked of the record again."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow

_AT_ONCE = timedelta(seconds=5)
"""A first task later than this after the start may be that of a reset, or of a job that waited for a worker."""


def lean() -> bool:
    """Return whether this workflow began in a release that spares its first look at the record and most timers.

    Those of earlier releases go on as they began. Asked once, before anything else.
    """
    return workflow.patched("0.2.0-lean")


def told_by_reader() -> bool:
    """Return whether this workflow began in a release whose workers read its result and tell it; it is lean as well.

    Those of earlier releases read it themselves. Asked once, before anything else; then `lean` is asked only where
    this is not so, because each patch that a workflow has costs it two events.
    """
    return workflow.patched("0.3.0-reader")


def start_says_all(deadline_at: datetime) -> bool:
    """Return whether the row is as the start says: the first task follows at once.

    After a reset to its beginning a workflow begins again with its old start, while the row is ahead. Both times are
    those of the history, so every replay answers the same, also one of a reset to a later point.
    """
    now = workflow.now()
    return now - workflow.info().workflow_start_time < _AT_ONCE and now < deadline_at
