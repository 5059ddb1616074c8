"""The servers without a token (the worker's metrics, the simulators' control) serve programs, not web pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from promptmill.simulators.accounts import Timing
from promptmill.simulators.grok.app import create_grok_app
from promptmill.simulators.wavespeed.app import create_wavespeed_app
from worker.health import Health, create_health_app

CONTROL = "/_simulator/accounts/key/faults"
FOREIGN = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]


@pytest.fixture
async def worker() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_health_app(Health(("workflows",)), ("Metrics.example.",)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9464") as client:
        yield client


@pytest.fixture(params=[create_grok_app, create_wavespeed_app])
async def simulator(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(request.param(Timing()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3900") as client:
        yield client


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:9464", "[::1]:9464", "10.1.2.3:9464", "worker:9464", "metrics.example"]
)
async def test_prometheus_reads_by_the_names_that_are_its_own(worker: httpx.AsyncClient, host: str) -> None:
    assert (await worker.get("/metrics", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "a@localhost"])
async def test_numbers_are_not_read_by_a_foreign_name(worker: httpx.AsyncClient, host: str) -> None:
    """A name that was pointed at this machine; probes may use any."""
    assert (await worker.get("/metrics", headers={"Host": host})).status_code == 404
    assert (await worker.get("/healthz", headers={"Host": host})).status_code == 200
    assert (await worker.get("/readyz", headers={"Host": host})).status_code == 503


@pytest.mark.parametrize("headers", FOREIGN)
async def test_numbers_are_not_read_by_a_foreign_page(worker: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await worker.get("/metrics", headers=headers)).status_code == 403


@pytest.mark.parametrize("headers", [*FOREIGN, {"Origin": "http://127.0.0.1:3000"}])
async def test_a_foreign_page_orders_no_faults(simulator: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """A form can send text/plain anywhere."""
    sent = headers | {"Content-Type": "text/plain"}
    assert (await simulator.post(CONTROL, content=b"[]", headers=sent)).status_code == 403
    assert (await simulator.post(CONTROL, content=b"[]", headers={"Host": "evil.example"})).status_code == 404


async def test_a_program_orders_faults(simulator: httpx.AsyncClient) -> None:
    assert (await simulator.post(CONTROL, content=b"[]")).status_code == 201
    assert (await simulator.get("/_simulator/health")).status_code == 200
