"""The Python client against the running API, with a worker and the simulators, and against servers that misbehave."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from promptmill.store import Store
from promptmill_client import (
    AsyncClient,
    Client,
    InvalidRequest,
    JobAnswer,
    JobCancelled,
    JobStatus,
    NotAllowed,
    NotFound,
    Unreachable,
    WaitedOut,
    flows,
)
from promptmill_client.calls import get_job
from tests.fixtures.access import make_key
from tests.fixtures.mill import Mill
from tests.pictures import drawn, saved
from tests.raw_server import Conduct, http_answer, open_raw_server

MODEL = "wavespeed-ai/flux-dev"
ID = UUID("01890000-0000-7000-8000-000000000000")


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(flows, "FIRST_WAIT_SECONDS", 0.01)


async def test_a_picture_is_made_and_saved(mill: Mill, api_client: httpx.AsyncClient, tmp_path: Path) -> None:
    def make() -> None:
        with Client(str(api_client.base_url)) as client:
            picture = client.files.upload(saved(drawn(), "PNG"), name="a.png")
            job = client.run(model="bytedance/seedream-v4/edit", prompt="A fox", target_url=picture.url, within=60)
            [kept] = job.download(tmp_path, "{model}/{slug}.{ext}")

            assert job.status is JobStatus.COMPLETED or job.status == "completed"
            assert kept.path == tmp_path / "bytedance-seedream-v4-edit" / "a-fox.png"
            assert kept.path.read_bytes().startswith(b"\x89PNG")
            assert job.download(tmp_path, "{model}/{slug}.{ext}")[0].already
            assert [found.job_id for found in client.jobs(status="completed", limit=1)] == [job.id]
            assert client.prices.ask(model=MODEL, prompt="A fox").price_usd
            assert MODEL in {model.model for model in client.models.list()}
            assert client.models.get(MODEL).fields
            assert client.money.spend(by="model").items
            assert job.timeline().items[-1].status == "completed"

    await asyncio.to_thread(make)
    assert len(await mill.wavespeed.charges()) == 1


async def test_a_job_is_followed_to_its_end(mill: Mill, api_client: httpx.AsyncClient) -> None:
    async with AsyncClient(str(api_client.base_url)) as client:
        job = await client.submit(model=MODEL, use_ai_prompt=True, instructions="A fox")
        found = [update async for update in job.stream()]
        prompt = await client.prompts.write(instructions="A fox", within=60)

    assert job.ended
    assert isinstance(found[0], JobAnswer)
    statuses = [update.status for update in found if not isinstance(update, JobAnswer)]
    assert statuses[-1] == "completed"
    assert "generating" in statuses
    assert prompt.generated_prompt


async def test_what_is_refused_says_why(lonely_api: httpx.AsyncClient, store: Store) -> None:
    key = await make_key(store, "member", "team-a")
    async with AsyncClient(str(lonely_api.base_url), key) as client:
        first = await client.submit(model=MODEL, prompt="A fox", idempotency_key="one")
        again = await client.submit(model=MODEL, prompt="A fox", idempotency_key="one")
        other = await client.submit(model=MODEL, prompt="A fox")
        assert first.id == again.id != other.id

        with pytest.raises(InvalidRequest) as wrong:
            await client.submit(model=MODEL, prompt="A fox", priority=11)
        assert wrong.value.reason_code == "invalid_request"
        assert [error.pointer for error in wrong.value.field_errors] == ["/priority"]
        with pytest.raises(NotFound):
            await client.job(ID)
        with pytest.raises(WaitedOut) as waited:
            await first.wait(0.05)
        assert waited.value.last is not None
        await other.cancel()
        with pytest.raises(JobCancelled):
            flows.completed((await other.wait(5)).answer)
    async with AsyncClient(str(lonely_api.base_url), "pm_wrong") as stranger:
        with pytest.raises(NotAllowed, match="key"):
            await stranger.submit(model=MODEL, prompt="A fox")


async def test_a_post_is_repeated_with_its_key_and_never_without(lonely_api: httpx.AsyncClient) -> None:
    accepted = await lonely_api.post("/api/jobs/create", json={"model": MODEL, "prompt": "A fox"})
    good, busy = http_answer(202, accepted.json()), http_answer(503, headers={"Retry-After": "0"})

    async with open_raw_server(Conduct.RESET, busy, good) as server, AsyncClient(server.url) as client:
        await client.submit(model=MODEL, prompt="A fox")
    keys = [line for line in server.received.splitlines() if line.lower().startswith(b"idempotency-key")]
    assert len(keys) == server.requests == 3
    assert len({*keys}) == 1

    async with open_raw_server(Conduct.RESET, good) as server, AsyncClient(server.url) as client:
        with pytest.raises(Unreachable):
            await client.files.upload(b"picture")
    assert server.requests == 1


async def test_connections_are_kept_and_a_cancelled_call_ends(lonely_api: httpx.AsyncClient) -> None:
    accepted = await lonely_api.post("/api/jobs/create", json={"model": MODEL, "prompt": "A fox"})
    good = http_answer(200, accepted.json())

    async with open_raw_server(good) as server, AsyncClient(server.url) as client:
        for _ in range(3):
            await client.call(get_job(ID))
        assert len(server.connections) == 1

    async with open_raw_server(Conduct.SILENCE) as server, AsyncClient(server.url) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.job(ID)


async def test_a_broken_stream_goes_on_where_it_broke(lonely_api: httpx.AsyncClient) -> None:
    job = (await lonely_api.post("/api/jobs/create", json={"model": MODEL, "prompt": "A fox"})).json()
    change = {"sequence": 1, "at": job["createdAt"], "status": "queued", "reasonCode": None, "text": "", "detail": {}}

    def streamed(name: str, sequence: int, data: object) -> bytes:
        frame = f"event: {name}\nid: {sequence}\ndata: {json.dumps(data)}\n\n".encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Note: cut short\r\n\r\n" + frame

    async with (
        open_raw_server(
            streamed("change", 1, change),
            http_answer(503, headers={"Retry-After": "0"}),
            streamed("job", 2, job | {"status": "completed"}),
        ) as server,
        AsyncClient(server.url) as client,
    ):
        found = [update async for update in client.follow(ID)]

    assert [type(update).__name__ for update in found] == ["Event", "JobAnswer"]
    assert server.received.lower().count(b"last-event-id: 1") == 2
