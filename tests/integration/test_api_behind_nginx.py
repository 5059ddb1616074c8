"""The API behind a real nginx: connections that it keeps are not closed under it, and the page may write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest

from promptmill.config.settings import Settings
from tests.fixtures.api import open_api
from tests.fixtures.nginx import open_nginx
from tests.support import open_http

JOB = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}
NAME = "mill.example"
UVICORNS_OWN_SECONDS = 5
"""Seconds after which the server would close a connection that nginx keeps open for 60."""


@pytest.fixture
async def api(lonely_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with open_api(lonely_settings.model_copy(update={"allowed_hosts": (NAME,)})) as client:
        yield client


def port_of(api: httpx.AsyncClient) -> int:
    assert api.base_url.port is not None
    return api.base_url.port


def connections_to(port: int) -> set[int]:
    """Return the local ports that are connected to that port of this machine."""
    return {
        one.laddr.port
        for one in psutil.net_connections("tcp4")
        if one.raddr and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED
    }


async def create(port: int, **headers: str) -> httpx.Response:
    async with open_http(f"http://127.0.0.1:{port}", timeout=60) as client:
        return await client.post("/api/jobs/create", json=JOB, headers=headers)


async def test_a_connection_that_nginx_keeps_is_not_closed_under_it(api: httpx.AsyncClient, tmp_path: Path) -> None:
    """A POST that nginx sends at the moment of the close gets a 502, because nginx must not send it twice."""
    await api.aclose()
    with open_nginx(tmp_path / "nginx", port_of(api), "proxy_set_header Host $http_host;") as port:
        assert (await create(port)).status_code == 202
        kept = connections_to(port_of(api))
        await asyncio.sleep(UVICORNS_OWN_SECONDS + 1)
        assert (await create(port)).status_code == 202
        assert connections_to(port_of(api)) == kept
        statuses = [answer.status_code for answer in await asyncio.gather(*(create(port) for _ in range(40)))]

    assert kept
    assert 502 not in statuses


async def test_a_page_on_another_port_may_write_where_nginx_passes_its_host_on(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    page = {"Host": f"{NAME}:8443", "Origin": f"https://{NAME}:8443", "Sec-Fetch-Site": "same-origin"}
    with open_nginx(tmp_path / "nginx", port_of(api), "proxy_set_header Host $http_host;") as port:
        assert (await create(port, **page)).status_code == 202


async def test_where_nginx_drops_the_port_the_answer_names_the_line(api: httpx.AsyncClient, tmp_path: Path) -> None:
    page = {"Host": f"{NAME}:8443", "Origin": f"https://{NAME}:8443", "Sec-Fetch-Site": "same-origin"}
    with open_nginx(tmp_path / "nginx", port_of(api), "proxy_set_header Host $host;") as port:
        refused = await create(port, **page)

    assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed")
    assert "proxy_set_header Host $http_host;" in refused.json()["detail"]


async def test_a_trusted_nginx_may_say_the_host_beside(lonely_settings: Settings, tmp_path: Path) -> None:
    page = {"Host": f"{NAME}:8443", "Origin": f"https://{NAME}:8443"}
    lines = ("proxy_set_header Host $host;", "proxy_set_header X-Forwarded-Host $http_host;")
    trusting = Settings(
        **lonely_settings.model_dump() | {"allowed_hosts": NAME, "trusted_proxies": "127.0.0.0/8,10.0.0.5"}
    )
    async with open_api(trusting) as api:
        with open_nginx(tmp_path / "nginx", port_of(api), *lines) as port:
            assert (await create(port, **page)).status_code == 202
            forged = await create(port, **page | {"X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"})

    assert forged.status_code == 403
