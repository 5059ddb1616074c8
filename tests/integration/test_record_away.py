"""Postgres becomes unavailable and returns: every call says so in time, and recovers on its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from promptmill.contracts.errors import RecordUnavailable
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.reconciliation import OpenRow
from promptmill.local.postgres import PostgresServer, stop_postgres
from promptmill.store import open_store
from promptmill.store.database import Database
from promptmill.store.migrations import migrate
from promptmill.store.pool import open_pool
from tests.fixtures.record import Record, accepted, intent, new_id, new_job, new_prompt_job, written
from tests.local_servers import open_postgres
from tests.support import eventually


@pytest.fixture(scope="module")
def own_folder() -> Iterator[Path]:
    """A folder for a Postgres that a test may stop."""
    folder = Path(tempfile.mkdtemp(prefix="promptmill-away-"))
    folder.chmod(0o755)  # its Postgres may run as another user
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def test_store_heals_when_postgres_comes_back(own_folder: Path) -> None:
    with open_postgres(own_folder / "pg", log=own_folder / "log", options={"fsync": "off"}) as server:
        url = server.ensure_database("mill")
        await migrate(url)
        async with open_store(url, pool_size=3) as store:
            job, _ = await store.jobs.accept(new_job())
            await asyncio.gather(*(store.operations.ping() for _ in range(9)))  # fill the pool
            stop_postgres(server.child)
            for _ in range(5):
                with pytest.raises(RecordUnavailable):
                    await store.jobs.get(job.id)
            with open_postgres(own_folder / "pg", log=own_folder / "log", options={"fsync": "off"}):
                found = await asyncio.gather(*(store.jobs.get(job.id) for _ in range(9)))
                assert {row.status for row in found} == {"queued"}


async def test_closed_connections_are_replaced(record: Record) -> None:
    pids = {await record.store.operations.database.value("SELECT pg_backend_pid()") for _ in range(3)}
    await asyncio.gather(*(record.store.operations.ping() for _ in range(20)))
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    await record.hand.execute(f"{query} AND pid <> pg_backend_pid()")

    async def healed() -> bool:
        try:
            await asyncio.gather(*(record.store.operations.ping() for _ in range(20)))
        except RecordUnavailable:  # sent before the end of a stream had arrived
            return False
        return True

    await eventually(healed)
    assert await record.store.operations.database.value("SELECT pg_backend_pid()") not in pids


async def test_every_call_says_that_postgres_is_away(record: Record) -> None:
    async with open_store("postgresql://nobody@127.0.0.1:1/none") as store:
        job_id = new_id()
        row = OpenRow(id=job_id, table="jobs", status="", workflow_id="", cancel_requested=False)
        for call in (
            store.jobs.accept(new_job()),
            store.jobs.get(job_id),
            store.jobs.begin(job_id),
            store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED)),
            store.prompts.accept(new_prompt_job()),
            store.prompts.finish(written(job_id, 1)),
            store.submissions.permit(intent(job_id)),
            store.submissions.settle(accepted(job_id, job_id)),
            store.upkeep.claim_stranded_jobs(1),
            store.upkeep.restart(row),
            store.operations.schema_revision(),
            migrate("postgresql://nobody@127.0.0.1:1/none"),
        ):
            with pytest.raises(RecordUnavailable):
                await call


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """A port that accepts connections and never responds."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    for writer in writers:
        writer.close()
    server.close()
    await server.wait_closed()


async def test_server_that_says_nothing_is_given_up() -> None:
    async with silent_server() as port, open_store(f"postgresql://nobody@127.0.0.1:{port}/none") as store:
        with pytest.raises(RecordUnavailable):
            async with asyncio.timeout(60):
                await store.operations.ping()


async def test_frozen_postgres_is_given_up(own_folder: Path) -> None:
    """An established connection goes silent: the statement times out."""
    with open_postgres(own_folder / "frozen", log=own_folder / "frozen.log", options={"fsync": "off"}) as server:
        async with open_pool(server.uri("postgres"), pool_size=1, command_seconds=0.5) as opened:
            database = Database(opened)
            backend = await database.value("SELECT pg_backend_pid()")
            os.kill(backend, signal.SIGSTOP)
            try:
                with pytest.raises(RecordUnavailable):
                    async with asyncio.timeout(60):
                        await database.run("SELECT 1")
            finally:
                os.kill(backend, signal.SIGCONT)
            await database.run("SELECT 1")


async def test_database_without_a_schema_is_away(each_postgres: PostgresServer) -> None:
    """Between a new database and its first migration a worker waits."""
    async with open_store(each_postgres.uri("postgres")) as store:
        with pytest.raises(RecordUnavailable):
            await store.jobs.get(new_id())
