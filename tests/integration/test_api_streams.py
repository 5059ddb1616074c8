"""Live streams over HTTP: each change is sent once, without polling; and what happens when something breaks."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from api.installation.stopped_queues import StoppedQueues
from api.jobs.reading import Addresses, JobReader
from api.jobs.waiting import RecentPace, Waits
from api.live.feed import open_feed
from api.live.reading import JobUpdate, ListedJob, LiveReader
from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobChange, JobStatus, Output
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.local.ports import free_port
from promptmill.local.readiness import answers, wait_ready
from promptmill.store import Store
from tests.fixtures.api import open_api
from tests.fixtures.batches import running
from tests.fixtures.mill import new_job
from tests.fixtures.record import written
from tests.fixtures.session import StartProcess
from tests.support import eventually, open_http

LIST = "/api/jobs/events"
PLAIN = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}
OURS = "FROM pg_stat_activity WHERE application_name = 'promptmill-listen' AND datname = current_database()"
LISTENING = f"SELECT count(*) {OURS}"
END_LISTENING = f"SELECT pg_terminate_backend(pid, 5000) {OURS}"
OUTPUT = Output(index=0, kind="image", url="https://example.com/a.png")


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Another client's connection."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


class Told(NamedTuple):
    name: str
    id: str | None
    data: Any


class Stream:
    """An open stream, read event by event."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.heartbeats = 0
        self._lines = answer.aiter_lines()

    async def next(self, within: float = 60) -> Told | None:
        """Return the next event, or None at the end of the stream."""
        async with asyncio.timeout(within):
            fields: dict[str, str] = {}
            async for line in self._lines:
                if line.startswith(":"):
                    self.heartbeats += 1
                elif line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    return Told(fields.get("event", "message"), fields.get("id"), json.loads(fields["data"]))
        return None

    async def until(self, name: str) -> Told:
        while (told := await self.next()) is not None:
            if told.name == name:
                return told
        raise AssertionError(f"the stream ended without {name}")

    async def rest(self) -> list[Told]:
        found = []
        while (told := await self.next()) is not None:
            found.append(told)
        return found


@asynccontextmanager
async def listening(client: httpx.AsyncClient, path: str, **headers: str) -> AsyncIterator[Stream]:
    wanted = {"Accept": "text/event-stream"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.stream("GET", path, headers=wanted) as answer:
        assert answer.status_code == 200, (await answer.aread()).decode()
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield Stream(answer)


async def create(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/api/jobs/create", json=PLAIN | fields)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def advance(store: Store, job: dict[str, Any], *statuses: JobStatus, **more: Any) -> None:
    for status in statuses:
        await store.jobs.advance(JobChange(job_id=UUID(job["jobId"]), status=status, **more))


async def test_a_change_reaches_the_lists_listeners_at_once(lonely_api: httpx.AsyncClient, store: Store) -> None:
    async with listening(lonely_api, LIST) as stream:
        first = await stream.next()
        job = await create(lonely_api)
        created = await stream.next()
        await store.jobs.begin(UUID(job["jobId"]))
        changed = await stream.next()

    listed = (await lonely_api.get("/api/jobs")).json()["items"]
    assert first == Told("resync", None, {})
    assert created is not None
    assert changed is not None
    assert (created.name, created.data["jobId"], created.data["status"]) == ("job", job["jobId"], "queued")
    assert (changed.data["jobId"], changed.data["status"]) == (job["jobId"], "dispatching")
    assert [changed.data] == listed


async def test_a_jobs_stream_tells_the_job_each_change_and_the_end(lonely_api: httpx.AsyncClient, store: Store) -> None:
    job = await create(lonely_api)
    path = f"/api/jobs/{job['jobId']}"
    async with listening(lonely_api, f"{path}/events") as stream:
        first = await stream.next()
        await store.jobs.begin(UUID(job["jobId"]))
        begun = [await stream.next(), await stream.next()]
        await advance(store, job, JobStatus.GENERATING, prediction_id="p1")
        await advance(store, job, JobStatus.COMPLETED, outputs=[OUTPUT])
        rest = await stream.rest()

    timeline = (await lonely_api.get(f"{path}/events")).json()["items"]
    assert first is not None
    assert (first.name, first.id, first.data["status"]) == ("job", "1", "queued")
    assert [(told.name, told.id) for told in begun if told] == [("change", "2"), ("job", "2")]
    changes = [told for told in [*begun, *rest] if told and told.name == "change"]
    assert [told.data for told in changes] == timeline[1:]
    assert [told.id for told in changes] == [str(event["sequence"]) for event in timeline[1:]]
    assert rest[-1].data == (await lonely_api.get(path)).json()
    assert (rest[-1].name, rest[-1].data["status"]) == ("job", "completed")


async def test_a_stream_goes_on_behind_the_last_event_that_the_caller_knows(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    job = await create(lonely_api)
    await store.jobs.begin(UUID(job["jobId"]))
    await advance(store, job, JobStatus.GENERATING, prediction_id="p1")
    async with listening(lonely_api, f"/api/jobs/{job['jobId']}/events", Last_Event_ID="1") as stream:
        known = [await stream.next() for _ in range(4)]
        await advance(store, job, JobStatus.COMPLETED, outputs=[OUTPUT])
        rest = await stream.rest()

    told = [(one.name, one.id) for one in [*known, *rest] if one]
    assert told == [("job", None), ("change", "2"), ("change", "3"), ("job", "3"), ("change", "4"), ("job", "4")]


async def test_an_ended_job_is_told_once_and_then_there_is_nothing(lonely_api: httpx.AsyncClient) -> None:
    job = await create(lonely_api)
    await lonely_api.delete(f"/api/jobs/{job['jobId']}")
    path = f"/api/jobs/{job['jobId']}/events"
    async with listening(lonely_api, path) as stream:
        told = await stream.rest()
    again = await lonely_api.get(path, headers={"Accept": "text/event-stream", "Last-Event-ID": told[-1].id or ""})

    assert [(one.name, one.data["status"]) for one in told] == [("job", "cancelled")]
    assert again.status_code == 204, "a browser's EventSource connects for ever to anything else"


async def test_a_job_that_does_not_exist_has_no_stream(lonely_api: httpx.AsyncClient) -> None:
    path = "/api/jobs/01900000-0000-7000-8000-000000000000/events"
    answer = await lonely_api.get(path, headers={"Accept": "text/event-stream"})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_lost_connection_to_postgres_reads_all_anew(
    lonely_api: httpx.AsyncClient, store: Store, sql: asyncpg.Connection
) -> None:
    job = await create(lonely_api)
    path = f"/api/jobs/{job['jobId']}/events"
    async with listening(lonely_api, LIST) as jobs, listening(lonely_api, path) as one:
        await jobs.until("resync")
        await one.until("job")
        await sql.execute(END_LISTENING)
        await sql.execute("SELECT advance_job($1, 'dispatching')", UUID(job["jobId"]))
        await jobs.until("resync")
        change = await one.until("change")
        await advance(store, job, JobStatus.FAILED)
        while (await jobs.until("job")).data["status"] != "failed":
            pass  # the whole job, fetched again

    assert change.data["status"] == "dispatching"


@dataclass(frozen=True)
class Counting(LiveReader):
    """The real reader, which records what it was asked for."""

    asked: list[object] = field(default_factory=list)

    async def listed_jobs(self, ids: Sequence[UUID]) -> list[ListedJob]:
        self.asked.append([*ids])
        return await super().listed_jobs(ids)

    async def job_update(self, job_id: UUID, after: int) -> JobUpdate:
        self.asked.append(job_id)
        return await super().job_update(job_id, after)


async def test_many_listeners_cost_one_connection_and_one_read_for_each_change(
    lonely_settings: Settings, store: Store, sql: asyncpg.Connection
) -> None:
    job_id = (await store.jobs.accept(new_job(lonely_settings)))[0].id
    queues = StoppedQueues(unknown)
    waits = Waits(store, queues, RecentPace(store))
    reader = Counting(JobReader(store, waits, Addresses("http://127.0.0.1", "default"), LOCAL_OWNER))
    async with open_feed(lonely_settings, store.operations.notify_listeners, reader) as feed:
        with ExitStack() as held:
            lists = [held.enter_context(feed.subscribe_to_list(LOCAL_OWNER)) for _ in range(50)]
            ones = [held.enter_context(feed.subscribe_to_job(LOCAL_OWNER, job_id)) for _ in range(50)]
            await feed.ready()
            connections = await sql.fetchval(LISTENING)
            for subscriber in ones:
                await feed.send_initial(subscriber, job_id, None)
            for subscriber in [*lists, *ones]:
                await subscriber.next(60)
            await eventually(lambda: not feed.busy, what="the first read is over")
            reader.asked.clear()
            await store.jobs.begin(job_id)
            received = [await subscriber.next(60) for subscriber in [*lists, *ones]]

    assert connections == 1
    assert reader.asked == [[job_id], job_id]
    assert len({id(frames[0].data) for frames in received[:50]}) == 1, "one frame, shared by all"
    assert len({id(frames[-1].data) for frames in received[50:]}) == 1


async def test_nobody_has_more_streams_than_allowed(lonely_settings: Settings) -> None:
    async with open_api(lonely_settings.model_copy(update={"streams_per_owner": 2})) as client:
        job = await create(client)
        async with listening(client, LIST), listening(client, f"/api/jobs/{job['jobId']}/events"):
            refused = await client.get(LIST)
        # The server notices the disconnect a moment later.
        await eventually(lambda: is_open(client, LIST), what="a place is free again")

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")
    assert int(refused.headers["retry-after"]) > 0


async def test_a_silent_stream_says_that_it_is_alive(lonely_settings: Settings) -> None:
    quick = lonely_settings.model_copy(update={"stream_heartbeat_seconds": 0.05})
    async with open_api(quick) as client, listening(client, LIST) as stream:
        await stream.until("resync")
        with pytest.raises(TimeoutError):
            await stream.next(within=0.5)

    assert stream.heartbeats >= 3


async def test_open_streams_do_not_hold_up_a_shutdown(start_process: StartProcess, lonely_settings: Settings) -> None:
    port = free_port()
    given = {
        "DATABASE_URL": lonely_settings.require_database_url(),
        "TEMPORAL_ADDRESS": lonely_settings.temporal["TEMPORAL_ADDRESS"],
        "PROMPTMILL_ENV_FILE": "",
        "PROMPTMILL_DATA_DIR": "/nonexistent",
        "PROMPTMILL_SIMULATED_ONLY": "true",
        "XAI_API_BASE": "http://127.0.0.1:9",
        "WAVESPEED_API_BASE": "http://127.0.0.1:9",
        "PROMPTMILL_PORT": str(port),
    }
    child = start_process("api", "-m", "api", environment=given)
    wait_ready(child, lambda: answers(f"http://127.0.0.1:{port}/healthz"), within=60)
    async with open_http(f"http://127.0.0.1:{port}") as client:
        job = await create(client)
        async with listening(client, LIST) as jobs, listening(client, f"/api/jobs/{job['jobId']}/events") as one:
            await jobs.until("resync")
            await one.until("job")
            child.process.send_signal(signal.SIGTERM)
            rest = [await jobs.rest(), await one.rest()]
            await eventually(lambda: child.process.poll() is not None, what="the process ends")

    assert all(told.name in {"job", "change"} for told in [*rest[0], *rest[1]])
    assert child.process.returncode == 0
    said = child.log.read_text()
    assert "timeout graceful shutdown exceeded" not in said, "it waited for its streams, then cut them off"
    assert "Traceback" not in said


async def test_without_postgres_there_is_no_stream_and_callers_are_told_so(lonely_settings: Settings) -> None:
    away = SecretStr(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    async with open_api(lonely_settings.model_copy(update={"database_direct_url": away})) as client:
        answer = await client.get(LIST)

    assert (answer.status_code, answer.json()["code"]) == (503, "record_unavailable")


async def unknown(_provider: str) -> Any:
    raise RuntimeError("Temporal is away")


async def is_open(client: httpx.AsyncClient, path: str) -> Any:
    async with client.stream("GET", path) as answer:
        return answer.status_code == 200


async def test_a_rating_reaches_another_tab_though_it_is_no_event(lonely_api: httpx.AsyncClient, store: Store) -> None:
    job = await create(lonely_api)
    await store.jobs.begin(UUID(job["jobId"]))
    await advance(store, job, JobStatus.FAILED, outputs=(OUTPUT,))
    before = (await lonely_api.get(f"{job['links']['self']}/events")).json()
    async with listening(lonely_api, LIST) as stream:
        await stream.until("resync")
        rated = await lonely_api.put(f"{job['links']['self']}/rating", json={"kept": True})
        told = await stream.until("job")

    assert rated.status_code == 200
    assert (told.data["jobId"], told.data["kept"]) == (job["jobId"], True)
    assert (await lonely_api.get(f"{job['links']['self']}/events")).json() == before


async def test_a_rated_prompt_reaches_who_follows_its_job(lonely_api: httpx.AsyncClient, store: Store) -> None:
    """The client already has the newest event: changes without an event must still reach it, each time."""
    job = await create(lonely_api, useAiPrompt=True)
    await store.jobs.begin(UUID(job["jobId"]))
    attempt = await store.prompts.begin_attempt(UUID(job["promptJobId"]), "grok-4")
    await store.prompts.finish(written(UUID(job["promptJobId"]), attempt.attempt_no))
    seen = []
    async with listening(lonely_api, f"{job['links']['self']}/events") as stream:
        first = await stream.until("job")
        for rating in ("up", "down", None):
            await lonely_api.put(f"/api/prompt/queue/{job['promptJobId']}/rating", json={"rating": rating})
            seen.append(await stream.until("job"))

    assert [told.data["promptRating"] for told in (first, *seen)] == [None, "up", "down", None]
    assert {told.id for told in seen} == {first.id}, "whoever comes back misses nothing"


async def test_a_batch_is_told_to_its_owners_listeners(lonely_api: httpx.AsyncClient, store: Store) -> None:
    async with listening(lonely_api, LIST) as stream:
        batch_id = await running(store, 1)
        told = await stream.until("batch")

    assert told.data == {"batchId": str(batch_id)}
