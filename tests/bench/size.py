"""`python -m tests.bench.size`: how much Postgres keeps of each job; docs/capacity.md has the figures.

Jobs go through the functions that production calls, from acceptance to their outputs, so that rows have been updated,
and events and submissions written, as often as there.
"""

from __future__ import annotations

import asyncio
import os
from decimal import Decimal

from rich.console import Console

from promptmill.contracts.jobs import JobChange, JobStatus, MediaKind, Output
from promptmill.contracts.store import Permission
from promptmill.local.postgres import PostgresServer
from promptmill.local.stack import DATABASE
from promptmill.store import Store, open_store
from tests.fixtures.postgres import DISPOSABLE, SCHEMA
from tests.fixtures.record import accepted, intent_of_row, new_id, new_job, new_prompt_job, written
from tests.fixtures.session import open_session
from tests.local_servers import open_postgres

JOBS = 10_000
AT_ONCE = 10
UNLIMITED = 1e6
"""Submissions per second."""

INSTRUCTIONS = "A fox in the first snow, early in the morning; the light is low and warm, the picture calm. "
PROMPT = INSTRUCTIONS * 6
"""As long as Grok's usual prompts: some 550 characters."""

_TABLES = """
    SELECT relname, pg_total_relation_size(oid), pg_indexes_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC LIMIT 8
"""


def main() -> None:
    """Fill a database of its own, and print bytes per job by table."""
    console = Console(highlight=False, soft_wrap=True)
    with (
        open_session() as session,
        open_postgres(session.folder / "postgres", log=session.folder / "postgres.log", options=DISPOSABLE) as postgres,
    ):
        session.guard(postgres.child)
        url = postgres.ensure_database(DATABASE)
        postgres.psql(DATABASE, "-f", os.fspath(SCHEMA))
        empty = _database_size(postgres)
        asyncio.run(_fill(url))
        postgres.psql(DATABASE, "-c", "VACUUM ANALYZE")
        per_job = (_database_size(postgres) - empty) / JOBS
        console.print(f"{JOBS:,} jobs: {per_job:,.0f} bytes each, {per_job * 1e6 / 2**30:.1f} GiB per million")
        for line in postgres.psql(DATABASE, "-Atc", _TABLES).splitlines():
            table, whole, indexes = line.split("|")
            console.print(f"  {table}: {int(whole) / JOBS:,.0f}, of which indexes {int(indexes) / JOBS:,.0f}")


def _database_size(postgres: PostgresServer) -> int:
    return int(postgres.psql(DATABASE, "-Atc", f"SELECT pg_database_size('{DATABASE}')"))


async def _fill(url: str) -> None:
    numbers = iter(range(JOBS))
    async with open_store(url, pool_size=AT_ONCE) as store, asyncio.TaskGroup() as group:

        async def fill() -> None:
            for _ in numbers:
                await _complete(store)

        for _ in range(AT_ONCE):
            group.create_task(fill())


async def _complete(store: Store) -> None:
    """Take one job with a prompt by Grok from acceptance to its output."""
    prompt_job = new_prompt_job(instructions=INSTRUCTIONS)
    asked = {"prompt_job": prompt_job, "use_ai_prompt": True, "prompt": None, "prompt_source": None}
    job, _ = await store.jobs.accept(new_job(original_prompt=None, **asked))
    await store.jobs.begin(job.id)
    await store.prompts.begin(prompt_job.id)
    attempt = await store.prompts.begin_attempt(prompt_job.id, "grok-4")
    await store.prompts.finish(written(prompt_job.id, attempt.attempt_no, PROMPT))
    request = {"prompt": PROMPT, "size": "1024*1024"}
    wish = await intent_of_row(
        store, job.id, request=request, request_hash=new_id().hex, slowest=UNLIMITED, per_second=UNLIMITED
    )
    assert (await store.submissions.permit(wish)).permission is Permission.POST
    await store.submissions.settle(accepted(job.id, wish.submission_id, media_cost_usd=Decimal("0.012")))
    output = Output(index=0, kind=MediaKind.IMAGE, url=f"https://media.example.com/outputs/{new_id()}/0.png")
    ended = await store.jobs.advance(JobChange(job_id=job.id, status=JobStatus.COMPLETED, outputs=(output,)))
    assert ended.status is JobStatus.COMPLETED


if __name__ == "__main__":
    main()
