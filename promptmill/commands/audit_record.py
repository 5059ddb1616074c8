"""`promptmill audit-record`: compares the record with itself and with Temporal, without changing anything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from temporalio.service import RPCError

from promptmill.config.settings import Settings
from promptmill.contracts.consistency import Check
from promptmill.contracts.errors import TemporalUnavailable
from promptmill.formats import duration
from promptmill.store import open_store
from promptmill.store.consistency import check_record
from promptmill.temporal import connect
from promptmill.temporal.agreement import compare_workflows
from promptmill.temporal.installation import identity_problem

UNCLEAR_AFTER: Final = timedelta(days=7)
"""How long WaveSpeed keeps its history, in which the reconciler looks for what became of a submission."""


async def audit_record(settings: Settings) -> list[Check]:
    """Make all comparisons.

    Raises:
        RecordUnavailable: Postgres is unreachable.
        TemporalUnavailable: Temporal is unreachable.
        ConfigurationError: DATABASE_URL is not set.
    """
    async with open_store(settings.require_database_url(), pool_size=1, command_seconds=None) as store:
        checks = await check_record(store.consistency, keep_days=settings.keep_days, unclear_after=UNCLEAR_AFTER)
        try:
            client = await connect(settings)
            if problem := await identity_problem(store, client):
                raise TemporalUnavailable(problem)
            workflows = await compare_workflows(
                store, client, task_queue=settings.task_queue, grace=reconciler_grace(settings)
            )
        except (RuntimeError, RPCError) as error:
            raise TemporalUnavailable(f"Temporal is unreachable ({error}): check TEMPORAL_ADDRESS.") from error
    return [*checks, workflows]


def reconciler_grace(settings: Settings) -> timedelta:
    """Return how long the reconciler may take to mend what was interrupted: two passes, and its own patience."""
    passes = 2 * settings.reconcile_seconds + settings.reconcile_timeout_seconds
    return timedelta(seconds=passes + settings.missing_confirm_seconds)


def audit_lines(checks: Sequence[Check]) -> Iterator[tuple[str, str]]:
    """Describe the checks: lines with their styles."""
    for check in checks:
        if not check.findings:
            yield f"✓ {check.name}: {check.compared:,} compared ({duration(check.seconds)})", "green"
            continue
        yield f"✗ {check.name}: {check.findings:,} of {check.compared:,} do not agree", "bold red"
        yield f"    {check.compares}", ""
        for finding in check.shown:
            yield f"    {finding}", ""
        if check.findings > len(check.shown):
            yield f"    and {check.findings - len(check.shown):,} more", ""
        yield f"    {check.advice}", "yellow"


def audit_json(checks: Sequence[Check]) -> str:
    """Return the checks as JSON."""
    return json.dumps(
        {"ok": not any(check.findings for check in checks), "checks": [check.model_dump() for check in checks]},
        indent=2,
    )
