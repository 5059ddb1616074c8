"""The proxies' sample files in deploy/proxy keep their promises: each runs in front of an API of its own."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
import pytest
import uuid_utils.compat as uuid_versions
from PIL import Image
from pydantic import SecretStr

from promptmill.config.settings import Settings
from promptmill.local.ports import LOOPBACK
from tests.fixtures.api import open_api
from tests.fixtures.proxies import (
    CADDY_AT_PREFIX,
    HOOKS,
    MILL,
    NGINX_AT_PREFIX,
    NGINX_STRIPS,
    SAMPLES,
    Sample,
    caddy_sample,
    nginx_sample,
    sign_on_sample,
)
from tests.fixtures.simulators import ProviderSimulator
from tests.programs import require_program
from tests.support import eventually

JOB = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}
OPENERS = {"nginx": nginx_sample, "caddy": caddy_sample}
MEGABYTE = 1_048_576
WEBHOOK = f"/api/webhooks/wavespeed/{uuid_versions.uuid7()}"
CALLERS_OF_WEBHOOKS = 20
OTHER_PATHS = (
    "/",
    "/docs",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/api/jobs",
    "/api/init",
    "/api/webhooks",
    "/api/webhooks/../jobs",
    "/api/webhooks/%2e%2e/jobs",
    "/api/webhooks/..%2fjobs",
    "/api/webhooks/wavespeed/../../../healthz",
    "/api/webhooks/%252e%252e/jobs",
    "//api/jobs",
)


@dataclass(frozen=True)
class Proxied:
    """An API behind a sample file.

    Attributes:
        mill: Asks for the page's host.
        hooks: Asks for the webhooks' host, at the public port.
    """

    sample: Sample
    mill: httpx.AsyncClient
    hooks: httpx.AsyncClient


@pytest.fixture
def proxied_settings(lonely_settings: Settings, wavespeed_simulator: ProviderSimulator, account: str) -> Settings:
    changed = {
        "wavespeed_api_base": wavespeed_simulator.url,
        "wavespeed_api_key": SecretStr(account),
        "allow_private_addresses": True,
        "allowed_hosts": MILL,
        "trusted_proxies": LOOPBACK,
    }
    return Settings(**lonely_settings.model_dump() | changed)


@asynccontextmanager
async def open_proxied(
    settings: Settings, folder: Path, name: str, changes: Mapping[str, str] | None = None
) -> AsyncIterator[Proxied]:
    """Serve the API behind a proxy's sample file, with further texts replaced."""
    async with open_api(settings) as api, AsyncExitStack() as clients:
        assert api.base_url.port is not None
        with OPENERS[name](folder, api.base_url.port, changes) as sample:
            mill = await clients.enter_async_context(sample.open(sample.mill, MILL))
            hooks = await clients.enter_async_context(sample.open(sample.hooks, HOOKS))
            yield Proxied(sample, mill, hooks)


@pytest.fixture(params=OPENERS)
async def proxied(request: pytest.FixtureRequest, proxied_settings: Settings, tmp_path: Path) -> AsyncIterator[Proxied]:
    async with open_proxied(proxied_settings, tmp_path, request.param) as opened:
        yield opened


async def test_the_page_is_there_and_may_write(proxied: Proxied) -> None:
    origin = f"https://{MILL}:{proxied.sample.mill}"
    page = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    forged = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}

    assert "Promptmill" in (await proxied.mill.get("/")).text
    assert (await proxied.mill.post("/api/jobs/create", json=JOB, headers=page)).status_code == 202
    refused = await proxied.mill.post("/api/jobs/create", json=JOB, headers=forged)
    assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed")


async def test_a_live_stream_arrives_while_it_is_open(proxied: Proxied) -> None:
    async with proxied.mill.stream("GET", "/api/jobs/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(line async for line in lines if line == "event: resync")
        for _ in range(3):
            job_id = (await proxied.mill.post("/api/jobs/create", json=JOB)).json()["jobId"]
            assert await anext(line async for line in lines if job_id in line)


async def test_the_largest_upload_passes_and_a_larger_body_does_not(proxied: Proxied) -> None:
    size = (2600, 2680)
    picture = BytesIO()
    Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)).save(picture, "PNG", compress_level=0)
    data = picture.getvalue()
    assert 19.5 * MEGABYTE < len(data) <= 20 * MEGABYTE

    passed = await proxied.mill.post("/api/uploads", files={"file": ("noise.png", data, "image/png")})
    beyond = await begun(proxied.sample, proxied.sample.mill, MILL, "/api/uploads", 23 * MEGABYTE)

    assert passed.status_code == 201, passed.text
    assert beyond.startswith(b"HTTP/1.1 413 ")


async def test_only_webhooks_are_public(proxied: Proxied) -> None:
    webhook = await proxied.hooks.post(WEBHOOK, content=b"{}")
    assert (webhook.status_code, webhook.json()["code"]) == (401, "webhook_refused")
    assert (await proxied.hooks.get(WEBHOOK)).status_code == 404
    large = await begun(proxied.sample, proxied.sample.hooks, HOOKS, WEBHOOK, MEGABYTE + 1)
    assert large.startswith(b"HTTP/1.1 413 ")
    for path in OTHER_PATHS:
        for method in ("GET", "POST"):
            # Unchanged: the client would normalise it.
            answer = await proxied.hooks.request(method, "/", extensions={"target": path.encode()})
            assert answer.status_code == 404, f"{method} {path}"


async def test_the_page_is_not_where_webhooks_are(proxied: Proxied) -> None:
    for host in (MILL, "127.0.0.1", "other.example"):
        answer = await proxied.hooks.get("/", headers={"Host": host})
        assert "Promptmill" not in answer.text


@pytest.mark.parametrize(
    ("name", "changes"), [("nginx", NGINX_AT_PREFIX), ("nginx", NGINX_STRIPS), ("caddy", CADDY_AT_PREFIX)]
)
async def test_under_a_prefix_the_files_need_what_their_heads_say(
    proxied_settings: Settings, tmp_path: Path, name: str, changes: Mapping[str, str]
) -> None:
    prefixed = proxied_settings.model_copy(update={"root_path": "/mill"})
    async with open_proxied(prefixed, tmp_path, name, changes) as proxied:
        created = await proxied.mill.post("/mill/api/jobs/create", json=JOB)
        assert (await proxied.mill.get(created.headers["location"])).status_code == 200
        assert "Promptmill" in (await proxied.mill.get("/mill", follow_redirects=True)).text
        assert (await proxied.mill.get("/docs")).status_code == 404
        assert (await proxied.hooks.post(f"/mill{WEBHOOK}", content=b"{}")).json()["code"] == "webhook_refused"
        assert (await proxied.hooks.post(WEBHOOK, content=b"{}")).status_code == 404
        assert (await proxied.hooks.get("/mill/healthz")).status_code == 404


async def test_a_kept_connection_is_closed_by_the_proxy_first() -> None:
    keeps = Settings.model_fields["keep_alive_seconds"].default
    for name, pattern in (("nginx.conf", r"keepalive_timeout (\d+)s;"), ("Caddyfile", r"\bkeepalive (\d+)s\b")):
        assert [int(seconds) < keeps for seconds in re.findall(pattern, (SAMPLES / name).read_text())] == [True]


@pytest.mark.parametrize("name", ["nginx.conf", "oauth2-proxy.conf"])
def test_nginx_has_nothing_to_say_against_its_files(tmp_path: Path, name: str) -> None:
    with ExitStack() as running:
        if name == "nginx.conf":
            file = running.enter_context(nginx_sample(tmp_path, 9)).file
        else:
            file = sign_on_sample(tmp_path)
        command = [require_program("nginx", "nginx-light"), "-t", "-c", os.fspath(file)]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)

    assert tried.returncode == 0, tried.stderr
    assert "[warn]" not in tried.stderr


def test_caddy_has_nothing_to_say_against_its_file(tmp_path: Path) -> None:
    caddy = require_program("caddy", "caddy")
    adapted = subprocess.run(
        [caddy, "adapt", "--config", SAMPLES / "Caddyfile"], capture_output=True, text=True, check=False
    )
    assert adapted.returncode == 0, adapted.stderr
    assert "warn" not in adapted.stderr
    with caddy_sample(tmp_path, 9) as sample:
        command = [caddy, "validate", "--config", os.fspath(sample.file)]
        valid = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | {"HOME": str(tmp_path)}
        )
    assert valid.returncode == 0, valid.stderr


async def test_nginx_bounds_what_one_address_does_at_once(proxied_settings: Settings, tmp_path: Path) -> None:
    patient = {f"client_{part}_timeout 10s;": f"client_{part}_timeout 300s;" for part in ("header", "body")}
    async with open_proxied(proxied_settings, tmp_path, "nginx", patient) as proxied, AsyncExitStack() as held:
        sample = proxied.sample
        for _ in range(CALLERS_OF_WEBHOOKS):
            await held.enter_async_context(open_head(sample, sample.hooks, HOOKS, WEBHOOK, 2))
        one_more = await eventually(lambda: refused(proxied), what="nginx has read all heads")

    assert one_more.status_code == 429


async def refused(proxied: Proxied) -> httpx.Response | None:
    """Send a complete webhook; return the response if it is not the API's."""
    answer = await proxied.hooks.post(WEBHOOK, content=b"{}")
    return None if answer.status_code == 401 else answer


@asynccontextmanager
async def open_head(
    sample: Sample, port: int, host: str, path: str, length: int
) -> AsyncIterator[asyncio.StreamReader]:
    """Send a POST's head without the body that it announces."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=sample.trust(), server_hostname=host)
    try:
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Content-Length: {length}\r\n\r\n".encode()
        )
        yield reader
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def begun(sample: Sample, port: int, host: str, path: str, length: int) -> bytes:
    """Return the status line that a POST gets before its body, of that many bytes, is sent."""
    async with open_head(sample, port, host, path, length) as reader, asyncio.timeout(60):
        return await reader.readline()
