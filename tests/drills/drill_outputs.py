"""`make drills`: workers are killed while they store outputs; each is stored once, whole, and nothing is left over."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import random
from pathlib import Path

import pytest
from PIL import Image

from promptmill.commands.outputs import Verified, verify_outputs
from promptmill.outputs.storage import open_storage
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import files
from tests.fixtures.session import StartProcess
from tests.support import eventually

pytestmark = pytest.mark.timeout(900)

JOBS = 24
KILLS = 8
CHUNKS = 20


def pictures() -> list[bytes]:
    """Pictures of about 200 KB, each another one."""
    drawn = []
    for seed in range(JOBS):
        file = io.BytesIO()
        Image.frombytes("RGB", (256, 256), random.Random(seed).randbytes(256 * 256 * 3)).save(file, "PNG")
        drawn.append(file.getvalue())
    return drawn


async def test_killed_workers_leave_every_output_stored_once(
    idle_mill: Mill, start_process: StartProcess, settings_environment: dict[str, str], tmp_path: Path
) -> None:
    drawn = pictures()
    begun = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal begun
        number = int((await reader.readuntil(b"\r\n\r\n")).split()[1].strip(b"/"))
        begun += 1
        picture = drawn[number]
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(picture)}\r\n\r\n".encode())
        for place in range(CHUNKS):
            if writer.is_closing():
                return
            writer.write(picture[place * len(picture) // CHUNKS : (place + 1) * len(picture) // CHUNKS])
            await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    environment = settings_environment | {
        "PROMPTMILL_OUTPUTS": str(tmp_path),
        "PROMPTMILL_METRICS_PORT": "0",
        "PROMPTMILL_TEMPORAL_METRICS_PORT": "0",
        "PROMPTMILL_ALLOW_PRIVATE_ADDRESSES": "true",
    }
    async with server, idle_mill.changed(outputs=str(tmp_path)) as mill:
        await mill.store.outputs.plan(stored=True)
        jobs = []
        for number in range(JOBS):
            await mill.wavespeed.order("submit", "outputs", outputs=[f"{address}/{number}"])
            jobs.append(await mill.create(prompt="The same words for all"))
            # The faults are used in the order of the submissions.
        moments = random.Random(1)
        for _ in range(KILLS):
            before = begun
            worker = start_process("worker", "-m", "worker", environment=environment)
            await eventually(lambda before=before: begun > before, 120, what="a fetch")  # type: ignore[misc]
            await asyncio.sleep(moments.uniform(0, 1.5))
            worker.kill()
        start_process("worker", "-m", "worker", environment=environment)

        async def all_stored() -> bool:
            found = await mill.store.outputs.of_jobs(jobs)
            return sum(len(each) for each in found.values()) == JOBS and all(
                output.state == "stored" for each in found.values() for output in each
            )

        await eventually(all_stored, 600, what="everything is stored")
        found = [output for each in (await mill.store.outputs.of_jobs(jobs)).values() for output in each]
        verified = await verify_outputs(mill.settings, lambda _: None, contents=True, delete_unknown=False)

        assert verified == Verified(files=JOBS)
        assert len(files(tmp_path)) == 3 * JOBS
        assert {output.sha256 for output in found} == {hashlib.sha256(picture).hexdigest() for picture in drawn}
        left = list((tmp_path / ".incoming").iterdir())
        assert left, "no worker died within a fetch"
        for each in left:
            os.utime(each, (0, 0))
        storage = open_storage(mill.settings)
        assert storage is not None
        assert storage.clear_incoming() == len(left)
