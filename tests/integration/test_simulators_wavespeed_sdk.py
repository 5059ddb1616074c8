"""WaveSpeed's own Python SDK, unchanged, cannot tell the simulator from WaveSpeed.

It is imported by a fixture: that takes a quarter of a second of CPU time, and every session collects this file.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fixtures.simulators import ProviderSimulator
from tests.simulator_control import SimulatorControl
from tests.support import open_http

if TYPE_CHECKING:
    from wavespeed import Client

MODEL = "wavespeed-ai/z-image/turbo"


@pytest.fixture(scope="module")
def wavespeed() -> Any:
    import wavespeed  # noqa: PLC0415

    return wavespeed


@pytest.fixture
def sdk(wavespeed: Any, wavespeed_simulator: ProviderSimulator, account: str) -> Client:
    client: Client = wavespeed.Client(api_key=account, base_url=wavespeed_simulator.url, retry_interval=0.01)
    return client


async def run(sdk: Client, **options: Any) -> dict[str, Any]:
    return await asyncio.to_thread(sdk.run, MODEL, {"prompt": "a fox"}, poll_interval=0.01, **options)


async def test_sdk_runs_a_model_to_its_outputs(sdk: Client, wavespeed_control: SimulatorControl) -> None:
    result = await run(sdk)

    prediction = (await wavespeed_control.predictions())[0]
    assert result["outputs"] == [f"{wavespeed_control.url}/output/{prediction['id']}-0.png"]
    assert [charge["id"] for charge in await wavespeed_control.charges()] == [prediction["id"]]


async def test_sdk_runs_in_sync_mode(sdk: Client, wavespeed_control: SimulatorControl) -> None:
    result = await run(sdk, enable_sync_mode=True)

    assert len(result["outputs"]) == 1
    assert [request["where"] for request in await wavespeed_control.requests()] == ["submit"]


async def test_sdk_recognises_the_end_of_the_sync_window(sdk: Client, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.set_timing(sync_window_seconds=0.05)
    await wavespeed_control.order("submit", "never")

    result = await asyncio.to_thread(sdk.run_no_throw, MODEL, {"prompt": "a fox"}, enable_sync_mode=True)

    prediction = (await wavespeed_control.predictions())[0]
    assert (result["status"], result["task_id"]) == ("processing", prediction["id"])


@pytest.mark.parametrize("word", ["failed", "cancelled", "timeout", "deleted"])
async def test_sdk_tells_how_a_task_ended(sdk: Client, wavespeed_control: SimulatorControl, word: str) -> None:
    await wavespeed_control.order("submit", "ending", word=word, code=1402, message="Failed to download image.")

    with pytest.raises(RuntimeError, match=rf"Prediction {word} .*: Failed to download image\."):
        await run(sdk)


async def test_sdk_says_that_a_cut_submit_may_have_been_made(sdk: Client, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.order("submit", "cut", after=True)

    with pytest.raises(RuntimeError, match="may already"):
        await run(sdk)
    assert len(await wavespeed_control.charges()) == 1


async def test_sdk_reads_results_again_after_server_errors(sdk: Client, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.order("result", "status", status=503, times=2)

    result = await run(sdk)

    assert len(result["outputs"]) == 1
    statuses = [request["status"] for request in await wavespeed_control.requests("result")]
    assert statuses == [503, 503, 200]


async def test_sdk_is_refused_with_a_wrong_key(wavespeed: Any, wavespeed_simulator: ProviderSimulator) -> None:
    stranger = wavespeed.Client(api_key="bad-key", base_url=wavespeed_simulator.url)

    with pytest.raises(RuntimeError, match="HTTP 401"):
        await run(stranger)


async def test_sdk_uploads_a_file(sdk: Client, tmp_path: Path) -> None:
    file = tmp_path / "fox in snow.png"
    file.write_bytes(b"not really a picture")

    address = await asyncio.to_thread(sdk.upload, str(file))

    async with open_http() as client:
        answer = await client.get(address)
    assert (answer.content, answer.headers["content-type"]) == (b"not really a picture", "image/png")
