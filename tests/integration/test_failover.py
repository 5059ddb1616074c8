"""A real standby takes over while jobs run: the pool leaves the read-only server, and reports it meanwhile."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest

from promptmill.contracts.errors import RecordReadOnly, RecordUnavailable
from promptmill.local.postgres import SOCKET_NAME, PostgresServer, stop_postgres
from promptmill.local.system_user import postgres_user
from promptmill.store import open_store
from promptmill.store.health import READ_ONLY
from promptmill.store.migrations import migrate
from tests.fixtures.api import open_api
from tests.fixtures.mill import Mill
from tests.fixtures.postgres import DISPOSABLE
from tests.fixtures.relay import Relay, open_relay
from tests.fixtures.session import Session
from tests.local_servers import open_postgres
from tests.support import eventually
from worker.health import Health


class Cluster:
    """A primary and a standby that follows it; they can change places."""

    def __init__(self, folder: Path, parts: ExitStack) -> None:
        self.folder, self.parts = folder, parts
        self.primary = self._start("first")
        self._copy()
        self.standby = self._start("second")

    def fail_over(self) -> None:
        """Stop the primary cleanly, promote the standby, and bring the old primary back as its standby."""
        old, new = self.primary, self.standby
        stop_postgres(old.child)
        new.psql("postgres", "-c", "SELECT pg_promote()")
        data = self.folder / "first"
        (data / "standby.signal").touch()
        user = postgres_user(data)
        if user is not None:
            os.chown(data / "standby.signal", user.uid, user.gid)
        self.primary = new
        self.standby = self._start("first", primary_conninfo=f"host={new.sockets} user=postgres")

    def _start(self, name: str, **options: str) -> PostgresServer:
        opened = open_postgres(self.folder / name, log=self.folder / f"{name}.log", options=DISPOSABLE | options)
        return self.parts.enter_context(opened)

    def _copy(self) -> None:
        user = postgres_user(self.folder / "first")
        copy = self.folder / "second"
        copy.mkdir(mode=0o700)
        if user is not None:
            os.chown(copy, user.uid, user.gid)
        source = ["--host", str(self.primary.sockets), "--username", "postgres"]
        subprocess.run(
            [self.primary.programs / "pg_basebackup", *source, "-D", copy, "-R", "--checkpoint=fast", "--no-sync"],
            check=True,
            capture_output=True,
            cwd="/",
            user=user.uid if user else None,
            group=user.gid if user else None,
        )
        (copy / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)  # the socket is in the data folder, and the backup too


@pytest.fixture(scope="module")
def cluster(session: Session) -> Iterator[Cluster]:
    folder = session.folder / "cluster"
    folder.mkdir(mode=0o755)
    with ExitStack() as parts:
        yield Cluster(folder, parts)


@pytest.fixture
async def relay(cluster: Cluster) -> AsyncIterator[Relay]:
    """Stands for a proxy or a DNS name: one address that leads to the primary, sooner or later."""
    url = cluster.primary.ensure_database("mill")
    await migrate(url)
    async with open_relay(url) as opened:
        yield opened


async def test_jobs_go_on_after_a_failover_and_everyone_says_why_they_wait(
    cluster: Cluster, relay: Relay, idle_mill: Mill
) -> None:
    async with (
        idle_mill.changed(database_url=relay.secret_url) as mill,
        mill.worker(),
        open_api(mill.settings) as api,
    ):
        health = Health(queues=(), waiting_for=None, store=mill.store)
        before = await mill.create()
        await mill.reaches(before, "completed")
        await asyncio.gather(*(mill.store.operations.counts() for _ in range(20)))  # fill the pool
        await mill.wavespeed.set_timing(min_seconds=2, max_seconds=2)
        during = await mill.create()
        await mill.wavespeed.asked("submit", 2)

        await asyncio.to_thread(cluster.fail_over)

        # The relay still leads to the old primary, now a standby.
        async def told() -> bool:
            ready, report = await api.get("/readyz"), await api.get("/api/init")
            assert (ready.status_code, report.status_code) == (503, 503)
            assert READ_ONLY in ready.json()["problems"]
            assert READ_ONLY in report.json()["problems"]
            assert report.json()["postgres"]["readOnly"]
            assert await health.report() == {"ready": False, "queues": [], "problems": [READ_ONLY]}
            return True

        await eventually(told, what="everyone says that Postgres can only be read")
        refused = await api.post("/api/jobs/create", json={"model": "wavespeed-ai/flux-dev", "prompt": "A fox"})
        assert (refused.status_code, refused.json()["code"]) == (503, "record_read_only")

        relay.lead_to(cluster.primary.uri("mill"))
        after = await eventually(lambda: _create(mill), what="a job is accepted")
        for job_id in (during, after):
            await mill.reaches(job_id, "completed")
        assert (await api.get("/readyz")).status_code == 200
        assert (await health.report())["ready"]
        assert len(await mill.wavespeed.charges()) == 3


async def test_a_standby_is_left_when_it_is_noticed_not_when_it_goes(cluster: Cluster, relay: Relay) -> None:
    """Its connections stay open, and read-only queries would succeed there forever."""
    relay.lead_to(cluster.standby.uri("mill"))
    async with open_store(relay.url, pool_size=3) as store:
        await asyncio.gather(*(store.operations.counts() for _ in range(9)))
        with pytest.raises(RecordReadOnly):
            await store.operations.ping()
        relay.lead_to(cluster.primary.uri("mill"))
        await store.operations.ping()
        await store.operations.set_drain("maintenance")


async def test_an_address_that_no_server_fits_is_unavailable(cluster: Cluster, relay: Relay) -> None:
    relay.lead_to(cluster.standby.uri("mill"))
    async with open_store(f"{relay.url}&target_session_attrs=read-write", pool_size=1) as store:
        with pytest.raises(RecordUnavailable, match="target attribute"):
            await store.operations.ping()
        relay.lead_to(cluster.primary.uri("mill"))
        await store.operations.ping()


async def _create(mill: Mill) -> UUID | None:
    try:
        return await mill.create()
    except RecordUnavailable:
        return None
