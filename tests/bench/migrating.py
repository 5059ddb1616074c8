"""`python -m tests.bench.migrating`: how long each revision takes on a million rows, and how long it blocks anybody.

Four connections write and read meanwhile, each statement a transaction of its own. docs/benchmarks.md has the figures.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg
from rich.console import Console

from promptmill.local.stack import DATABASE
from promptmill.store.migrations import downgrade, migrate
from tests.fixtures.session import open_session
from tests.local_servers import open_postgres

ROWS: Final = 1_000_000
REVISIONS: Final = ("0012", "0013", "0014", "0015", "0016")
LOAD: Final = "load"
"""The load's application_name, by which its waits are told from the migrator's own."""

BACKUP_SECONDS: Final = 5

_WORDS: Final = "repeat('A fox in the first snow, early in the morning. ', 11)"

_FILL: Final = (
    "SET session_replication_role = replica",  # no triggers: they would count each row
    f"""INSERT INTO jobs (id, owner, model, kind, operation, input, prompt, original_prompt, provider_mode, status,
                          generate_timeout_seconds, deadline_at, created_at, completed_at, prediction_id)
        SELECT md5('j' || n)::uuid, 'local', 'wavespeed-ai/flux-dev', 'image', 'generate', '{{"size": "512*512"}}',
               {_WORDS}, {_WORDS}, 'simulated', 'completed', 600, now(), now() - n * interval '1 s', now(), 'p' || n
        FROM generate_series(1, $1) AS n""",
    """INSERT INTO job_events (job_id, sequence, status, detail)
        SELECT md5('j' || n)::uuid, 1, 'completed', '{"seconds": 12.5}' FROM generate_series(1, $1) AS n""",
    f"""INSERT INTO submissions (id, job_id, state, callback_token, request, request_hash, provider_base,
                                 key_fingerprint, post_before, prediction_id, media_cost_usd)
        SELECT md5('s' || n)::uuid, md5('j' || n)::uuid, 'accepted', 'token', jsonb_build_object('prompt', {_WORDS}),
               md5('r' || n), 'https://api.wavespeed.ai', 'fingerprint', now(), 'p' || n, 0.01
        FROM generate_series(1, $1) AS n""",
    f"""INSERT INTO prompt_generation_jobs (id, owner, job_id, operation, instructions, generated_prompt, deadline_at,
                                            status, created_at, completed_at, cost_usd)
        SELECT md5('g' || n)::uuid, 'local', CASE WHEN n % 2 = 0 THEN md5('j' || n)::uuid END, 'generate', {_WORDS},
               {_WORDS}, now(), 'completed', now() - n * interval '1 s', now(), 0.001
        FROM generate_series(1, $1) AS n""",
    """INSERT INTO webhook_deliveries (provider, event_id, job_id, body)
        SELECT 'wavespeed', 'e' || n, md5('j' || n)::uuid, jsonb_build_object('id', 'p' || n, 'status', 'completed')
        FROM generate_series(1, $1) AS n""",
    "SET session_replication_role = origin",
    "VACUUM ANALYZE",
)

_NEW_JOB: Final = """INSERT INTO jobs (id, owner, model, kind, operation, provider_mode, generate_timeout_seconds,
    deadline_at) VALUES ($1, 'local', 'wavespeed-ai/flux-dev', 'image', 'generate', 'simulated', 600, now())"""
_NEW_SUBMISSION: Final = """INSERT INTO submissions (id, job_id, state, callback_token, request, request_hash,
    provider_base, key_fingerprint, post_before) VALUES ($1, $1, 'intended', 't', '{}', 'h', 'b', 'k', now())"""
_NEW_PROMPT_JOB: Final = """INSERT INTO prompt_generation_jobs (id, owner, operation, deadline_at)
    VALUES ($1, 'local', 'generate', now())"""

LANES: Final = (
    (
        _NEW_JOB,
        "INSERT INTO job_events (job_id, sequence, status) VALUES ($1, 1, 'queued')",
        _NEW_SUBMISSION,
        "UPDATE submissions SET state = 'accepted', prediction_id = $1::uuid::text WHERE id = $1",
    ),
    ("UPDATE jobs SET updated_at = now() WHERE id = $2", "UPDATE submissions SET looks = looks + 1 WHERE job_id = $2"),
    (
        _NEW_PROMPT_JOB,
        "UPDATE prompt_generation_jobs SET cost_usd = 0.002 WHERE id = $1",
        """INSERT INTO webhook_deliveries (provider, event_id, job_id, body)
           VALUES ('wavespeed', $1::uuid::text, $1, '{}')""",
    ),
    (
        "SELECT id, status, prompt FROM jobs WHERE owner = 'local' ORDER BY created_at DESC, id DESC LIMIT 50",
        "SELECT id, status FROM jobs WHERE id = $2",
        "SELECT state FROM submissions WHERE job_id = $2",
        "SELECT status FROM prompt_generation_jobs WHERE job_id = $2",
        "SELECT sum(limit_usd) FROM budgets",
        "SELECT name FROM owners",
    ),
)
"""What each connection repeats; $1 is a new id, $2 that of a stored job."""


@dataclass
class Load:
    """What the connections met since it was last reset.

    Attributes:
        statements: How many were run.
        slowest: Seconds of the slowest one.
        waited: Seconds of the longest wait for a lock.
        deadlocks: How many Postgres broke off.
    """

    statements: int = 0
    slowest: float = 0
    waited: float = 0
    deadlocks: int = 0

    def reset(self) -> None:
        """Forget what was met."""
        self.statements, self.slowest, self.waited, self.deadlocks = 0, 0, 0, 0


def main() -> None:
    """Fill a database of its own, and print what each revision takes, upwards and downwards."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    console = Console(highlight=False, soft_wrap=True)
    with (
        open_session() as session,
        open_postgres(session.folder / "postgres", log=session.folder / "postgres.log") as postgres,
    ):
        session.guard(postgres.child)
        asyncio.run(_measure(postgres.ensure_database(DATABASE), rows, console))


async def _measure(url: str, rows: int, console: Console) -> None:
    await migrate(url, REVISIONS[0])
    await _fill(url, rows)
    console.print(f"{rows:,} rows of each kind; the load alone, then each step:")
    async with _load(url, rows) as load:
        await _step(console, load, "nothing", lambda: asyncio.sleep(10))
        for revision in REVISIONS[1:]:
            await _step(console, load, f"up to {revision}", partial(migrate, url, revision))
        for revision in reversed(REVISIONS[:-1]):
            await _step(console, load, f"down to {revision}", partial(downgrade, url, revision))
        await _step(console, load, "up to the newest", lambda: migrate(url))
        await _step(console, load, f"down to {REVISIONS[0]}", lambda: downgrade(url, REVISIONS[0]))
        await _step(
            console, load, f"up to the newest beside a backup of {BACKUP_SECONDS} s", lambda: _beside_backup(url)
        )


async def _step(console: Console, load: Load, name: str, act: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(2)
    load.reset()
    begun = time.monotonic()
    await act()
    took = time.monotonic() - begun
    await asyncio.sleep(0.1)  # those that waited to the end are counted
    console.print(
        f"  {name}: {took:.2f} s; longest wait for a lock {load.waited * 1000:.0f} ms, "
        f"slowest of {load.statements:,} statements {load.slowest * 1000:.0f} ms"
        + (f", {load.deadlocks} deadlocks" if load.deadlocks else "")
    )


async def _beside_backup(url: str) -> None:
    connection = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("LOCK TABLE jobs, submissions, prompt_generation_jobs IN ACCESS SHARE MODE")
    migrating = asyncio.create_task(migrate(url))
    await asyncio.sleep(BACKUP_SECONDS)
    await transaction.rollback()
    await connection.close()
    await migrating


async def _fill(url: str, rows: int) -> None:
    connection = await asyncpg.connect(url)
    for statement in _FILL:
        await connection.execute(statement, *([rows] if "$1" in statement else []))
    await connection.close()


@asynccontextmanager
async def _load(url: str, rows: int) -> AsyncIterator[Load]:
    load = Load()
    tasks = [asyncio.create_task(_repeat(url, lane, rows, load)) for lane in LANES]
    tasks.append(asyncio.create_task(_watch(url, load)))
    try:
        yield load
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def _repeat(url: str, lane: tuple[str, ...], rows: int, load: Load) -> None:
    connection = await asyncpg.connect(url, server_settings={"application_name": LOAD})
    chance = random.Random(1)
    while True:
        new = UUID(int=chance.getrandbits(128))
        stored = await connection.fetchval("SELECT md5('j' || $1::integer)::uuid", chance.randint(1, rows))
        for statement in lane:
            begun = time.monotonic()
            try:
                await connection.execute(statement.replace("$1", f"'{new}'").replace("$2", f"'{stored}'"))
            except asyncpg.DeadlockDetectedError:
                load.deadlocks += 1
            load.statements += 1
            load.slowest = max(load.slowest, time.monotonic() - begun)
            await asyncio.sleep(0.002)


async def _watch(url: str, load: Load) -> None:
    """Look every few milliseconds which of the load waits for a lock, and since when."""
    connection = await asyncpg.connect(url)
    while True:
        waited = await connection.fetchval(
            """SELECT max(extract(epoch FROM clock_timestamp() - l.waitstart))
               FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
               WHERE NOT l.granted AND a.application_name = $1""",
            LOAD,
        )
        load.waited = max(load.waited, float(waited or 0))
        await asyncio.sleep(0.005)


if __name__ == "__main__":
    main()
