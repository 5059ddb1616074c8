"""Whether this process can do its work now, and why not. Probes read it: it names no host and nobody's words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final

from temporalio.service import RPCError

from api.schemas.operations import Readiness
from promptmill.api_resources import ApiResources
from promptmill.contracts.errors import RecordError
from promptmill.store import Store
from promptmill.temporal.installation import identity_problem

PROBE_SECONDS: Final = 3.0
"""How long a neighbour may take to answer a probe; probes give up soon themselves."""


async def look_ready(resources: ApiResources) -> Readiness:
    """Ask Postgres and Temporal, at once."""
    postgres, temporal = await asyncio.gather(_answers(resources.store.operations.ping()), resources.gate.ping())
    problems = [] if postgres else ["Postgres does not answer."]
    problems += [] if temporal else ["Temporal does not answer."]
    if postgres and await _without_schema(resources.store):
        problems.append("The database has no schema: run `python -m promptmill migrate`.")
    elif postgres and temporal and await _foreign(resources):
        problems.append("This Temporal is not the one that the record belongs to: see GET /api/init.")
    notes = [*await _notes(resources.store), *await _deployment_notes(resources.store)] if postgres else []
    return Readiness(ok=not problems, postgres=postgres, temporal=temporal, problems=problems, notes=notes)


async def _answers(question: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await question
    except (RecordError, TimeoutError):
        return False
    return True


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
        # Known to be wrong is a problem; not known is told by what does not answer.
        return False


async def _notes(store: Store) -> list[str]:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            drained, held = await store.operations.drain(), await store.operations.submissions_held()
            silent = await store.operations.ai_prompts_off()
    except (RecordError, TimeoutError):
        return []
    stopped = (
        (drained, "Intake is stopped by an operator."),
        (held, "Paid submissions are stopped."),
        (silent, "AI prompts are switched off by an operator."),
    )
    return [f"{text} See GET /api/init." for switch, text in stopped if switch is not None]


async def _deployment_notes(store: Store) -> list[str]:
    """Return a note where the SQL functions are another release's, as they are during a rolling deployment."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            differing = await store.operations.differing_functions()
    except (RecordError, TimeoutError):
        return []
    if not differing:
        return []
    note = f"SQL functions of another release: {len(differing)}. Normal during a deployment"
    return [f"{note}, otherwise run `python -m promptmill migrate`."]
