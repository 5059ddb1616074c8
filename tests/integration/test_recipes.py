"""docs/recipes.md, block by block: each is run as written, with this test's ports and addresses.

Only `promptmill` is another program where it ends by itself: it does the same, and starts at once.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import yaml
from playwright.async_api import Browser, expect
from uuid_utils import uuid7

from promptmill.config.settings import Settings
from promptmill.local.ports import LOOPBACK, free_port, is_free
from promptmill.local.postgres import PostgresServer
from promptmill.local.processes import Child, start_child
from promptmill.local.readiness import answers, wait_ready
from promptmill.local.system_user import postgres_user
from promptmill.local.temporal import DYNAMIC_CONFIG, TemporalServer
from tests.fixtures.api import open_api
from tests.fixtures.mill import Mill
from tests.fixtures.nginx import open_page_elsewhere
from tests.fixtures.session import ROOT, Session, WarmPython
from tests.fixtures.simulators import Simulators
from tests.markdown import MarkdownPage
from tests.programs import require_program
from tests.support import open_http

PAGE = MarkdownPage.of(ROOT / "docs" / "recipes.md")
BLOCKS = {block.info: block.code for block in PAGE.blocks}
PORTS = ("3000", "3900", "3901", "5433", "7233", "9464")
STOP_SECONDS = 60.0
BASE = yaml.safe_load((ROOT / "docker-compose.base.yml").read_text())["services"]


@dataclass
class Desk:
    """Terminals in a folder that has a `.venv`, like a checkout.

    Attributes:
        python: Runs `-m promptmill` in blocks that end by themselves.
        places: What the page names, and what replaces it in this test.
    """

    session: Session
    python: WarmPython
    folder: Path
    environment: dict[str, str]
    places: Mapping[str, str]
    opened: list[Child] = field(default_factory=list)

    def text(self, info: str) -> str:
        """Return a block with this test's places in it."""
        return re.sub("|".join(map(re.escape, self.places)), lambda found: self.places[found[0]], BLOCKS[info])

    def run(self, info: str, user: int | None = None, **variables: str) -> str:
        """Paste a block into a terminal and return what it printed."""
        commands = self.text(info).replace(".venv/bin/promptmill", f"{self.python.program} -m promptmill")
        done = subprocess.run(
            ["/bin/sh", "-euc", commands],
            env=self.environment | variables,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
            stdin=subprocess.DEVNULL,
            user=user,
        )
        assert done.returncode == 0, f"{info}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def open(self, info: str, user: int | None = None) -> Child:
        """Paste a block into a terminal of its own, where it keeps running."""
        name = info.rpartition(" ")[2]
        child = start_child(
            name,
            ["/bin/sh", "-euc", self.text(info)],
            log=self.session.folder / f"recipes-{name}.log",
            environment=self.environment,
            folder=self.folder,
            user=user,
        )
        self.opened.append(self.session.guard(child))
        return child

    def close(self) -> None:
        """Press Ctrl-C in each terminal, the last one first."""
        for child in reversed(self.opened):
            if child.process.poll() is None:
                os.killpg(child.process.pid, signal.SIGINT)
                child.process.wait(STOP_SECONDS)


@pytest.fixture
def desk(session: Session, warm_python: WarmPython) -> Iterator[Desk]:
    ports = {port: str(free_port()) for port in PORTS}
    folder = session.folder / f"desk-{uuid7()}"
    folder.mkdir()
    (folder / ".venv").symlink_to(sys.prefix)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.fspath(ROOT),
        "PROMPTMILL_SIMULATED_ONLY": "true",
        "PROMPTMILL_PORT": ports["3000"],
        "PROMPTMILL_METRICS_PORT": ports["9464"],
        "PROMPTMILL_TEMPORAL_METRICS_PORT": "0",
        "PROMPTMILL_LOCAL_GROK_PORT": ports["3900"],
        "PROMPTMILL_LOCAL_WAVESPEED_PORT": ports["3901"],
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "HOME": os.fspath(folder),
    }
    opened = Desk(session, warm_python, folder, environment, ports | {"make venv": ":"})
    try:
        yield opened
    finally:
        opened.close()


def place(desk: Desk, port: str, path: str = "") -> str:
    return f"http://{LOOPBACK}:{desk.places[port]}{path}"


def listens(port: int) -> bool:
    return not is_free(port, LOOPBACK)


def test_every_block_is_run_here() -> None:
    code = Path(__file__).read_text().partition("def test_every_block_is_run_here")[2]
    assert [info for info in BLOCKS if f'"{info}"' not in code] == []
    assert len(BLOCKS) == len(PAGE.blocks), "each has a name of its own"


def test_temporal_is_configured_as_make_up_configures_its_own() -> None:
    given = dict(re.findall(r"--dynamic-config-value '?([\w.]+)=([^\s']+)", BLOCKS["sh terminal parts-temporal"]))
    assert {key: json.loads(value) for key, value in given.items()} == DYNAMIC_CONFIG


def test_the_parts_start_one_by_one(desk: Desk) -> None:
    user = postgres_user(desk.folder / "parts")
    if user is not None:
        os.chown(desk.folder, user.uid, user.gid)
    uid = user.uid if user else None
    desk.run("sh parts-settings")
    desk.run("sh parts-postgres-data", uid)
    servers = {
        "5433": desk.open("sh terminal parts-postgres", uid),
        "7233": desk.open("sh terminal parts-temporal"),
        "3900": desk.open("sh terminal parts-simulators"),
    }
    for port, child in servers.items():
        wait_ready(child, partial(listens, int(desk.places[port])), within=120)
    desk.run("sh parts-init")
    worker = desk.open("sh terminal parts-worker")
    api = desk.open("sh terminal parts-api")
    wait_ready(worker, lambda: answers(place(desk, "9464", "/readyz")), within=120)
    wait_ready(api, lambda: answers(place(desk, "3000", "/readyz")), within=120)

    tried = desk.run("sh parts-try")
    assert tried.count("✗") == 0

    require_program("curl", "curl")
    desk.run("sh probes")
    for name, port in (("api", "3000"), ("worker", "9464")):
        check = BASE[name]["healthcheck"]["test"]
        assert check[:3] == ["CMD", "python", "-c"]
        now, later = (check[3].replace(f":{port}", f":{other}") for other in (desk.places[port], free_port()))
        assert subprocess.run([sys.executable, "-c", now], check=False).returncode == 0
        assert subprocess.run([sys.executable, "-c", later], check=False, capture_output=True).returncode != 0


@pytest.fixture
def own_servers(desk: Desk, postgres_server: PostgresServer, temporal_server: TemporalServer) -> Iterator[Desk]:
    """The desk, with a Postgres and a Temporal that already exist."""
    socket = postgres_server.uri("promptmill").partition("@")[2]
    desk.places = dict(desk.places) | {
        "db.example.com:5432/promptmill": socket,
        "temporal.example.com:7233": temporal_server.address,
    }
    # The longer names first: a port is part of some.
    desk.places = dict(sorted(desk.places.items(), key=lambda item: -len(item[0])))
    desk.environment["PATH"] = f"{postgres_server.programs}{os.pathsep}{desk.environment['PATH']}"
    yield desk
    desk.close()
    postgres_server.psql("postgres", "-c", "DROP DATABASE IF EXISTS promptmill WITH (FORCE)")
    postgres_server.psql("postgres", "-c", "DROP ROLE IF EXISTS promptmill")


async def test_the_parts_start_on_servers_of_ones_own(
    own_servers: Desk, postgres_server: PostgresServer, simulators: Simulators
) -> None:
    desk = own_servers
    # Instead of the file's real providers and keys.
    desk.environment |= {
        "XAI_API_KEY": f"recipes-{uuid7()}",
        "XAI_API_BASE": simulators.grok.url,
        "WAVESPEED_API_KEY": f"recipes-{uuid7()}",
        "WAVESPEED_API_BASE": simulators.wavespeed.url,
    }
    desk.run("sh own-servers", ADMIN_URL=postgres_server.uri("postgres"))
    desk.run("sh own-settings")
    desk.run("sh own-init")
    worker = desk.open("sh terminal own-worker")
    api = desk.open("sh terminal own-api")
    wait_ready(worker, lambda: answers(place(desk, "9464", "/readyz")), within=120)
    wait_ready(api, lambda: answers(place(desk, "3000", "/readyz")), within=120)
    assert desk.run("sh own-try").count("✗") == 0
    assert (desk.folder / ".env").stat().st_mode & 0o077 == 0

    for name, port in (("yaml kubernetes-api", "3000"), ("yaml kubernetes-worker", "9464")):
        container = yaml.safe_load(BLOCKS[name])
        for probe in (container["livenessProbe"]["httpGet"], container["readinessProbe"]["httpGet"]):
            assert str(probe["port"]) == port
            async with open_http(place(desk, port)) as kubelet:  # which names the pod by its address
                asked = await kubelet.get(probe["path"], headers={"Host": f"10.1.2.3:{port}"})
            assert asked.status_code == HTTPStatus.OK, asked.text


def test_kubernetes_waits_longer_than_the_worker_drains() -> None:
    seconds = re.findall(r"terminationGracePeriodSeconds: (\d+)", BLOCKS["yaml kubernetes-worker"])
    assert float(seconds[0]) > Settings.model_fields["shutdown_seconds"].default
    for kind, setting in (("api", "PROMPTMILL_HOST"), ("worker", "PROMPTMILL_METRICS_HOST")):
        container = yaml.safe_load(BLOCKS[f"yaml kubernetes-{kind}"])
        assert container["env"] == [{"name": setting, "value": "0.0.0.0"}]
        assert BASE[kind]["environment"][setting] == "0.0.0.0", "as in the compose file"


TOKEN = "a token that no browser sees, of 40 characters"


@pytest.fixture
async def guarded_api(mill: Mill) -> AsyncIterator[httpx.AsyncClient]:
    """The API of a running mill, which requires the token."""
    settings = Settings(**mill.settings.model_dump() | {"api_token": TOKEN})
    async with open_api(settings) as client:
        yield client


async def test_a_page_elsewhere_follows_a_job(
    mill: Mill, guarded_api: httpx.AsyncClient, browser: Browser, session: Session
) -> None:
    job_id = await mill.accept()
    port = guarded_api.base_url.port
    location = BLOCKS["nginx follow"].replace("127.0.0.1:3000", f"{LOOPBACK}:{port}")
    location = location.replace("Bearer PROMPTMILL_KEY", f"Bearer {TOKEN}")
    with open_page_elsewhere(session.folder / f"page-{uuid7()}", BLOCKS["html follow"], location) as at:
        assert (await guarded_api.get(f"/api/jobs/{job_id}/events")).status_code == HTTPStatus.UNAUTHORIZED
        async with open_http(f"http://{LOOPBACK}:{at}") as anyone:
            assert (await anyone.post(f"/follow/{job_id}")).status_code == HTTPStatus.FORBIDDEN
        opened = await browser.new_page()
        await opened.goto(f"http://{LOOPBACK}:{at}/#{job_id}")
        await expect(opened.locator("#status")).to_have_text(re.compile("^Accepted"), timeout=60_000)
        await mill.start(job_id)
        await expect(opened.locator("#status")).to_have_text("Completed.", timeout=60_000)
        await expect(opened.locator("#media img")).to_have_count(1)
        # The browser reconnects once, gets a 204, and stops: closed is 2.
        await opened.wait_for_function("events.readyState === 2", timeout=60_000)
        await opened.close()
