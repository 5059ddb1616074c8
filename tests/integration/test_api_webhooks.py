"""What the webhook endpoint accepts and refuses: signed by hand, with Temporal unavailable throughout."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from api.http.bodies import WEBHOOK_BYTES
from promptmill.config.settings import Settings
from promptmill.contracts.jobs import Billed
from promptmill.local.ports import free_port
from promptmill.store import Store
from tests.fixtures.api import open_api
from tests.fixtures.mill import new_job
from tests.fixtures.webhooks import SECRET, Ordered, ordered, signed

UNKNOWN = UUID("01900000-0000-7000-8000-000000000000")


@dataclass(frozen=True)
class Desk:
    """An API that knows the secret, a job that requested a webhook, and the inbox."""

    client: httpx.AsyncClient
    store: Store
    order: Ordered
    database_url: str

    async def post(
        self, body: bytes | None = None, *, path: str | None = None, event_id: str = "event-1", **how: Any
    ) -> httpx.Response:
        """Send a webhook as WaveSpeed does; `headers` override the usual ones."""
        content = self.order.body() if body is None else body
        headers = signed(content, event_id=event_id, **{name: how[name] for name in ("secret", "at") if name in how})
        return await self.client.post(
            path or self.order.path, content=content, headers=headers | how.get("headers", {})
        )

    async def inbox(self) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.database_url)
        try:
            return list(await connection.fetch("SELECT * FROM webhook_deliveries ORDER BY received_at"))
        finally:
            await connection.close()

    async def hand(self, statement: str) -> None:
        """Change the record directly."""
        connection = await asyncpg.connect(self.database_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def events(self) -> list[str]:
        return [event.status for event in await self.store.jobs.events(self.order.job_id)]


@pytest.fixture
def knowing_settings(lonely_settings: Settings) -> Settings:
    return lonely_settings.model_copy(update={"wavespeed_webhook_secret": SecretStr(SECRET)})


@pytest.fixture
async def desk(knowing_settings: Settings, store: Store, database_url: str) -> AsyncIterator[Desk]:
    job, _ = await store.jobs.accept(new_job(knowing_settings))
    async with open_api(knowing_settings) as client:
        yield Desk(client, store, await ordered(store, job.id), database_url)


async def test_a_webhook_is_heard_while_temporal_is_away(desk: Desk) -> None:
    """It arrives before the response to the POST: the submission is still `intended`. A worker will read the result."""
    answer = await desk.post(desk.order.body("p-early", note="é"))

    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    [kept] = await desk.inbox()
    assert (kept["event_id"], kept["job_id"]) == ("event-1", desk.order.job_id)
    assert kept["processed_at"] is not None
    due_in = (await desk.store.readings.agenda()).due_in
    assert due_in is not None
    assert due_in <= 0
    [submission] = await desk.store.submissions.of_job(desk.order.job_id)
    assert (submission.state, submission.prediction_id, submission.resolved_by) == ("accepted", "p-early", "webhook")
    job = await desk.store.jobs.get(desk.order.job_id)
    assert (job.status, job.prediction_id) == ("generating", "p-early")
    assert job.outputs == [], "no result is believed that was not read with our key"


async def test_a_webhook_told_again_changes_nothing(desk: Desk) -> None:
    body = desk.order.body()
    first = await desk.post(body)
    events, inbox = await desk.events(), await desk.inbox()
    again = [await desk.post(body) for _ in range(3)]
    at_once = await asyncio.gather(*(desk.post(body, event_id="event-2") for _ in range(5)))

    assert {answer.status_code for answer in [first, *again, *at_once]} == {200}
    assert len(inbox) == 1
    assert [kept["event_id"] for kept in await desk.inbox()] == ["event-1", "event-2"]
    assert await desk.events() == events


async def test_everything_else_gets_one_and_the_same_answer(desk: Desk) -> None:
    """A guess reveals nothing: neither which jobs exist, nor what was wrong."""
    body, now = desk.order.body(), time.time()  # noqa: TID251  # no workflow runs here
    wrong_token = desk.order.path + "x"
    unknown_job = desk.order.path.replace(str(desk.order.job_id), str(UNKNOWN))
    refused = {
        "unknown job": await desk.post(path=unknown_job),
        "no id": await desk.post(path="/api/webhooks/wavespeed/nothing?token=x"),
        "wrong token": await desk.post(path=wrong_token),
        "no token": await desk.post(path=desk.order.path.split("?", maxsplit=1)[0]),
        "empty token": await desk.post(path=desk.order.path.split("=", maxsplit=1)[0] + "="),
        "NUL token": await desk.post(path=wrong_token + "%00"),
        "another secret": await desk.post(secret="whsec_another"),
        "another body": await desk.post(headers=signed(body + b" ", event_id="event-1")),
        "another event": await desk.post(headers={"webhook-id": "event-2"}),
        "no signature": await desk.client.post(desk.order.path, content=body),
        "a later scheme": await desk.post(headers={"webhook-signature": "v4,00"}),
        "old": await desk.post(at=now - 310),
        "from the future": await desk.post(at=now + 310),
        "no time": await desk.post(headers={"webhook-timestamp": "soon"}),
    }

    for what, answer in refused.items():
        told = answer.json() | {"requestId": "", "instance": ""}
        assert (answer.status_code, told["code"]) == (401, "webhook_refused"), what
        assert told == refused["old"].json() | {"requestId": "", "instance": ""}, what
        assert answer.headers.keys() == refused["old"].headers.keys(), what
    # A delivery about a job that the record lacks is kept: an older backup may have been restored.
    assert [kept["job_id"] for kept in await desk.inbox()] == [UNKNOWN]
    assert (await desk.store.jobs.get(desk.order.job_id)).status == "dispatching"


async def test_a_delivery_is_as_old_as_its_timestamp_says(desk: Desk) -> None:
    now = time.time()  # noqa: TID251  # no workflow runs here

    assert (await desk.post(at=now - 280)).status_code == 200
    assert (await desk.post(at=now + 280)).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_has_a_mebibyte_at_most(desk: Desk, *, chunked: bool) -> None:
    room = WEBHOOK_BYTES - len(desk.order.body(note=""))
    largest, too_large = desk.order.body(note="x" * room), desk.order.body(note="x" * (room + 1))

    async def post(body: bytes) -> httpx.Response:
        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 65_536):
                yield body[start : start + 65_536]

        headers = signed(body, event_id="event-1")
        return await desk.client.post(desk.order.path, content=pieces() if chunked else body, headers=headers)

    taken, refused = await post(largest), await post(too_large)

    assert len(largest) == WEBHOOK_BYTES == 1_048_576
    assert taken.status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b'{"id": "p\\u0000"}',
        b'{"id": "\\ud800"}',
        b"[" * 5000,
        b'{"id": 7}',
        b'{"id": "a b"}',
        b'{"status": "completed"}',
    ],
)
async def test_a_signed_body_that_nobody_can_read_is_a_hint_all_the_same(desk: Desk, body: bytes) -> None:
    answer = await desk.post(body)

    assert answer.status_code == 200
    assert len(await desk.inbox()) == 1
    assert (await desk.store.jobs.get(desk.order.job_id)).prediction_id is None


async def test_a_webhook_after_the_end_is_taken_and_the_end_stays(
    knowing_settings: Settings, store: Store, database_url: str
) -> None:
    job, _ = await store.jobs.accept(new_job(knowing_settings))
    order = await ordered(store, job.id)
    async with open_api(knowing_settings) as client:
        desk = Desk(client, store, order, database_url)
        await client.delete(f"/api/jobs/{job.id}")
        await desk.hand("UPDATE jobs SET status = 'cancelled', completed_at = now()")
        answer = await desk.post(order.body("p-late"))
        shown = (await client.get(f"/api/jobs/{job.id}")).json()

    assert answer.status_code == 200
    assert (shown["status"], shown["predictionId"], shown["billed"]) == ("cancelled", "p-late", Billed.YES)
    assert shown["statusText"] == "Cancelled. Charged so far: WaveSpeed (price unknown)."


async def test_the_endpoint_is_open_by_any_name_and_without_a_token(knowing_settings: Settings, store: Store) -> None:
    """Behind a tunnel the Host is the tunnel's; all other paths stay hidden there."""
    job, _ = await store.jobs.accept(new_job(knowing_settings))
    order = await ordered(store, job.id)
    settings = knowing_settings.model_copy(update={"api_token": SecretStr("hush")})
    async with open_api(settings) as client:
        body = order.body()
        tunnel = {"Host": "mill.example", "Origin": "https://wavespeed.ai", "Sec-Fetch-Site": "cross-site"}
        taken = await client.post(order.path, content=body, headers=signed(body, event_id="e") | tunnel)
        looked = await client.get(f"/api/jobs/{job.id}", headers={"Host": "mill.example"})
        read = await client.get(order.path, headers=tunnel)
        elsewhere = await client.post("/api/webhooks/another", content=body, headers=tunnel)

    assert taken.status_code == 200
    assert [answer.status_code for answer in (looked, read, elsewhere)] == [404, 405, 404]


async def test_while_postgres_is_away_wavespeed_is_asked_to_come_again(knowing_settings: Settings) -> None:
    away = SecretStr(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")
    async with open_api(knowing_settings.model_copy(update={"database_url": away})) as client:
        answer = await client.post(
            f"/api/webhooks/wavespeed/{UNKNOWN}?token=t", content=b"{}", headers=signed(b"{}", event_id="e")
        )
        forged = await client.post(f"/api/webhooks/wavespeed/{UNKNOWN}?token=t", content=b"{}")

    assert (answer.status_code, answer.json()["code"]) == (503, "record_unavailable")
    assert forged.status_code == 401


async def test_without_the_secret_nothing_is_believed_and_nothing_lost(
    lonely_settings: Settings, store: Store, database_url: str
) -> None:
    """No secret is configured and none can be fetched: WaveSpeed must send the webhook again."""
    job, _ = await store.jobs.accept(new_job(lonely_settings))
    order = await ordered(store, job.id)
    async with open_api(lonely_settings) as client:
        desk = Desk(client, store, order, database_url)
        answer = await desk.post()

    assert (answer.status_code, answer.json()["code"]) == (503, "webhook_not_checked")
    assert int(answer.headers["retry-after"]) > 0
    assert await desk.inbox() == []
