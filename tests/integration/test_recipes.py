"""docs/recipes.md, block by block: each is run as written, here or by a drill (tests/drills/ci/drill_recipes.py)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import yaml
from playwright.async_api import Browser, expect
from uuid_utils import uuid7

from promptmill.config.settings import Settings, load_settings
from promptmill.local.ports import LOOPBACK
from promptmill.local.postgres import PostgresServer
from promptmill.local.temporal import DYNAMIC_CONFIG, TemporalServer
from tests.fixtures import desk as desk_module
from tests.fixtures.api import open_api
from tests.fixtures.desk import BASE, BLOCKS, PAGE, Desk, open_desk, probes_tell
from tests.fixtures.mill import Mill
from tests.fixtures.nginx import open_page_elsewhere
from tests.fixtures.session import ROOT, Session, WarmPython
from tests.fixtures.simulators import Simulators
from tests.support import open_http


@pytest.fixture
def desk(session: Session, warm_python: WarmPython) -> Iterator[Desk]:
    with open_desk(session, warm_python) as opened:
        yield opened


def test_every_block_is_run_here_or_by_the_drill() -> None:
    others = (desk_module.__file__, ROOT / "tests" / "drills" / "ci" / "drill_recipes.py")
    code = Path(__file__).read_text().partition("def test_every_block_is_run_here")[2]
    code += "".join(Path(file).read_text() for file in others)
    assert [info for info in BLOCKS if f'"{info}"' not in code] == []
    assert len(BLOCKS) == len(PAGE.blocks), "each has a name of its own"


def test_temporal_is_configured_as_make_up_configures_its_own() -> None:
    given = dict(re.findall(r"--dynamic-config-value '?([\w.]+)=([^\s']+)", BLOCKS["sh terminal parts-temporal"]))
    assert {key: json.loads(value) for key, value in given.items()} == DYNAMIC_CONFIG


def test_the_settings_of_the_parts_fit_their_commands(desk: Desk) -> None:
    """`make drills` starts them: tests/drills/ci/drill_recipes.py."""
    desk.run("sh parts-settings")
    file = desk.folder / "parts.env"
    settings = load_settings({"PROMPTMILL_ENV_FILE": os.fspath(file)})

    assert file.stat().st_mode & 0o077 == 0
    [postgres] = re.findall(r"-c port=(\d+)", desk.text("sh terminal parts-postgres"))
    [temporal] = re.findall(r"--port (\d+)", desk.text("sh terminal parts-temporal"))
    [user] = set(re.findall(r"--username (\w+)", BLOCKS["sh parts-postgres-data"] + BLOCKS["sh parts-init"]))
    assert settings.require_database_url() == f"postgresql://{user}@{LOOPBACK}:{postgres}/promptmill"
    assert settings.temporal["TEMPORAL_ADDRESS"] == f"{LOOPBACK}:{temporal}"
    assert settings.temporal_priority_levels == DYNAMIC_CONFIG["matching.priorityLevels"]
    assert (settings.xai_api_base, settings.wavespeed_api_base) == (desk.place("3900"), desk.place("3901"))
    [programs] = set(re.findall(r'echo "\$PWD"/(\S+)\)', "".join(BLOCKS.values())))
    assert [*desk.folder.glob(f"{programs}/initdb")], programs
    for part in ("terminal parts-simulators", "terminal parts-worker", "terminal parts-api", "parts-init", "parts-try"):
        assert "PROMPTMILL_ENV_FILE=parts.env" in BLOCKS[f"sh {part}"], part


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
    desk.open_ready("sh terminal own-worker", "9464")
    desk.open_ready("sh terminal own-api", "3000")
    assert desk.run("sh own-try").count("✗") == 0
    probes_tell(desk)
    assert (desk.folder / ".env").stat().st_mode & 0o077 == 0

    for name, port in (("yaml kubernetes-api", "3000"), ("yaml kubernetes-worker", "9464")):
        container = yaml.safe_load(BLOCKS[name])
        for probe in (container["livenessProbe"]["httpGet"], container["readinessProbe"]["httpGet"]):
            assert str(probe["port"]) == port
            async with open_http(desk.place(port)) as kubelet:  # which names the pod by its address
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
