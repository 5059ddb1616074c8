"""The webhooks that WaveSpeed's simulator sends: signed, retried, and corrupted on request."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from promptmill.simulators.clock import now
from promptmill.simulators.serving import open_simulator
from tests.simulator_control import SimulatorControl
from tests.support import eventually

MODEL = "wavespeed-ai/z-image/turbo"


@dataclass
class Received:
    """One delivery, byte for byte."""

    headers: dict[str, str]
    raw: bytes
    query: str

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        return body


@dataclass
class Receiver:
    """A server that receives webhooks; it responds with the next of `statuses`, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.received.append(Received(dict(request.headers), await request.body(), request.url.query))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200, headers={"Location": "/elsewhere"})

    async def wait(self, count: int = 1) -> list[Received]:
        await eventually(lambda: len(self.received) >= count, what=f"{count} webhook(s)")
        return self.received


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    async with open_simulator(app) as server:
        receiver.url = f"{server.url}/hook"
        yield receiver


async def submit(client: httpx.AsyncClient, receiver: Receiver) -> str:
    answer = await client.post(
        f"/api/v3/{MODEL}", params={"webhook": f"{receiver.url}?token=a/b"}, json={"prompt": "a fox", "seed": 7}
    )
    assert answer.status_code == 200, answer.text
    prediction_id: str = answer.json()["data"]["id"]
    return prediction_id


async def verifies(client: httpx.AsyncClient, delivery: Received) -> bool:
    """Verify as WaveSpeed documents it, independently of the simulator's own code."""
    secret = (await client.get("/api/v3/webhook/secret")).json()["data"]["secret"]
    assert secret.startswith("whsec_")
    signed = f"{delivery.headers['webhook-id']}.{delivery.headers['webhook-timestamp']}.".encode() + delivery.raw
    expected = "v3," + hmac.new(secret[len("whsec_") :].encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, delivery.headers["webhook-signature"])


def is_fresh(delivery: Received) -> bool:
    return abs(now() - int(delivery.headers["webhook-timestamp"])) <= 300


async def test_webhook_is_the_bare_prediction_signed(wavespeed_http: httpx.AsyncClient, receiver: Receiver) -> None:
    prediction_id = await submit(wavespeed_http, receiver)

    delivery = (await receiver.wait())[0]

    assert await verifies(wavespeed_http, delivery)
    assert is_fresh(delivery)
    assert delivery.headers["webhook-id"] == delivery.body["id"] == prediction_id
    assert delivery.headers["content-type"] == "application/json"
    assert (delivery.body["status"], len(delivery.body["outputs"])) == ("completed", 1)
    assert delivery.body["input"] == {"prompt": "a fox", "seed": 7}
    assert delivery.query == "token=a/b"


async def test_failure_is_announced(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.order("submit", "ending", word="failed", code=1200, message="Flagged.")
    await submit(wavespeed_http, receiver)

    delivery = (await receiver.wait())[0]

    assert (delivery.body["status"], delivery.body["code"], delivery.body["error"]) == ("failed", 1200, "Flagged.")


async def test_webhook_is_tried_four_times(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.set_timing(webhook_backoff_seconds=0.02)
    receiver.statuses = [500, 404, 302, 503]
    prediction_id = await submit(wavespeed_http, receiver)
    await receiver.wait(4)

    async def told() -> bool:
        return len(await wavespeed_control.deliveries()) == 4

    await eventually(told)
    # A fifth attempt would arrive before this second prediction's delivery.
    await wavespeed_control.order("webhook", "late", seconds=0.5)
    await submit(wavespeed_http, receiver)
    received = await receiver.wait(5)
    assert [delivery.headers["webhook-id"] == prediction_id for delivery in received] == [True] * 4 + [False]
    statuses = [delivery["status"] for delivery in await wavespeed_control.deliveries()]
    assert statuses[:4] == [500, 404, 302, 503]


async def test_webhook_that_is_accepted_late_is_not_sent_again(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.set_timing(webhook_backoff_seconds=0.02)
    receiver.statuses = [503]
    await submit(wavespeed_http, receiver)
    await receiver.wait(2)

    async def statuses() -> list[int]:
        return [delivery["status"] for delivery in await wavespeed_control.deliveries()]

    async def settled() -> bool:
        return await statuses() == [503, 200]

    await eventually(settled)


async def test_unreachable_receiver_is_recorded(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.set_timing(webhook_backoff_seconds=0)
    await submit(wavespeed_http, Receiver(url="http://127.0.0.1:1/hook"))

    async def given_up() -> bool:
        return [delivery["status"] for delivery in await wavespeed_control.deliveries()] == [0, 0, 0, 0]

    await eventually(given_up)


async def test_lost_webhook_never_comes(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.order("webhook", "lost")
    await submit(wavespeed_http, receiver)
    second = await submit(wavespeed_http, receiver)

    received = await receiver.wait()

    assert [delivery.headers["webhook-id"] for delivery in received] == [second]
    assert await wavespeed_control.hits() == 1


async def test_webhook_can_come_twice(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.order("webhook", "duplicate")
    prediction_id = await submit(wavespeed_http, receiver)

    received = await receiver.wait(2)

    assert [delivery.headers["webhook-id"] for delivery in received] == [prediction_id] * 2


async def test_webhook_can_come_before_the_answer(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.order("webhook", "early")

    prediction_id = await submit(wavespeed_http, receiver)

    assert [delivery.headers["webhook-id"] for delivery in receiver.received] == [prediction_id]
    assert receiver.received[0].body["status"] == "completed"


async def test_webhook_can_come_late(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.order("webhook", "late", seconds=0.4)
    late = await submit(wavespeed_http, receiver)
    prompt = await submit(wavespeed_http, receiver)

    received = await receiver.wait(2)

    assert [delivery.headers["webhook-id"] for delivery in received] == [prompt, late]


async def test_signature_can_be_wrong(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.order("webhook", "wrong_signature")
    await submit(wavespeed_http, receiver)

    assert not await verifies(wavespeed_http, (await receiver.wait())[0])


async def test_timestamp_can_be_old(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.order("webhook", "old_timestamp")
    await submit(wavespeed_http, receiver)

    delivery = (await receiver.wait())[0]

    assert await verifies(wavespeed_http, delivery)
    assert not is_fresh(delivery)


async def test_ended_prediction_is_announced_by_its_new_end(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, receiver: Receiver
) -> None:
    await wavespeed_control.order("submit", "never")
    prediction_id = await submit(wavespeed_http, receiver)

    await wavespeed_control.end(prediction_id, status="failed", error="Ended by hand.")

    assert (await receiver.wait())[0].body["error"] == "Ended by hand."


async def test_webhook_must_be_an_address(wavespeed_http: httpx.AsyncClient) -> None:
    answer = await wavespeed_http.post(f"/api/v3/{MODEL}", params={"webhook": "file:///x"}, json={"prompt": "a fox"})

    assert answer.status_code == 400
