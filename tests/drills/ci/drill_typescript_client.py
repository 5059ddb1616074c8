"""The TypeScript client, in Node against the running API, with a worker and the simulators."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx

from tests.fixtures.mill import Mill
from tests.node import run
from tests.pictures import drawn, saved


async def test_it_makes_pictures(mill: Mill, api_client: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(saved(drawn(), "PNG"))
    env = os.environ | {"URL": str(api_client.base_url), "PICTURE": str(tmp_path / "a.png")}

    done = await asyncio.to_thread(run, "node", "--test", "tests/clients/client.test.js", env=env)

    assert done.returncode == 0, done.stdout
    assert await mill.wavespeed.charges()
