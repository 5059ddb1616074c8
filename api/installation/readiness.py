"""Whether this process is ready, and if not, why. Read by probes: it exposes no host and no operator's reason."""

from __future__ import annotations

import asyncio

from temporalio.service import RPCError

from api.schemas.operations import Readiness
from promptmill.api_resources import ApiResources
from promptmill.contracts.errors import RecordError
from promptmill.store import Store
from promptmill.store.health import PROBE_SECONDS, UNREACHABLE, record_problem
from promptmill.temporal.health import temporal_problem
from promptmill.temporal.installation import identity_problem


async def look_ready(resources: ApiResources, streams_problem: str | None) -> Readiness:
    """Check Postgres and Temporal concurrently.

    Args:
        streams_problem: Why live streams cannot be served; everything else still works.
    """
    record, away = await asyncio.gather(record_problem(resources.store), temporal_problem(resources.temporal))
    postgres, temporal = record != UNREACHABLE, away is None
    problems = [problem for problem in (record, away) if problem is not None]
    if postgres and await _without_schema(resources.store):
        problems.append("The database has no schema: run `promptmill migrate`.")
    elif postgres and temporal and await _foreign(resources):
        problems.append("This Temporal is not the one that the record belongs to: see GET /api/init.")
    notes = [*await _notes(resources.store), *await _deployment_notes(resources.store)] if postgres else []
    notes += [streams_problem] if streams_problem else []
    return Readiness(ok=not problems, postgres=postgres, temporal=temporal, problems=problems, notes=notes)


async def _without_schema(store: Store) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await store.operations.schema_revision() is None
    except (RecordError, TimeoutError):
        return False


async def _foreign(resources: ApiResources) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await identity_problem(resources.store, resources.temporal) is not None
    except (RecordError, RPCError, RuntimeError, TimeoutError):
        # Only a known mismatch is a problem; otherwise whatever is not responding is reported already.
        return False


async def _notes(store: Store) -> list[str]:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            drained, held = await store.operations.drain(), await store.operations.submissions_held()
            silent = await store.operations.ai_prompts_off()
    except (RecordError, TimeoutError):
        return []
    stopped = (
        (drained, "Intake has been stopped by an operator."),
        (held, "Paid submissions are on hold."),
        (silent, "AI prompts have been turned off by an operator."),
    )
    return [f"{text} See GET /api/init." for switch, text in stopped if switch is not None]


async def _deployment_notes(store: Store) -> list[str]:
    """Return a note if the SQL functions belong to another release, as during a rolling deployment."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            differing = await store.operations.differing_functions()
    except (RecordError, TimeoutError):
        return []
    if not differing:
        return []
    note = f"SQL functions of another release: {len(differing)}. Normal during a deployment"
    return [f"{note}, otherwise run `python -m promptmill migrate`."]
