"""Requests that contradict WaveSpeed's list, over HTTP: refused before acceptance; accepted without a list."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from api.catalogue import reading
from promptmill.config.settings import Settings
from tests.fixtures.api import open_api
from tests.simulator_control import SimulatorControl
from tests.support import eventually

PRESS = "simulated/poster-press/text-to-image"
GOOD: dict[str, Any] = {"model": PRESS, "prompt": "a fox", "input": {"style": "comic"}}


async def list_read(client: httpx.AsyncClient) -> None:
    """Wait until WaveSpeed's list is known: on a busy machine that takes longer than acceptance waits."""

    async def read() -> bool:
        return bool((await client.get("/api/models")).json()["source"] == "wavespeed")

    await eventually(read, what="WaveSpeed's list")


async def create(client: httpx.AsyncClient, key: str | None = None, **fields: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post("/api/jobs/create", json=GOOD | fields, headers=headers)


@pytest.mark.parametrize(
    ("fields", "pointer", "words"),
    [
        ({"input": {"style": "comic", "num_image": 2}}, "/input/num_image", "Did you mean num_images?"),
        ({"input": {"style": "comic", "num_images": 9}}, "/input/num_images", "Must be at most 4."),
        ({"input": {"style": "oil"}}, "/input/style", "Must be one of poster, comic, blueprint, photo."),
        ({"model": "bytedance/seedream-v4", "input": {"sise": "1024*1024"}}, "/input/sise", "Did you mean size?"),
        ({"model": "bytedance/seedream-v4/edit", "input": {}}, "/input/images", "needs an image"),
        ({"model": "simulated/poster-pres/text-to-image"}, "/model", f"Did you mean {PRESS}?"),
    ],
)
async def test_what_the_list_speaks_against_is_refused_and_costs_nothing(
    shop: httpx.AsyncClient, wavespeed_control: SimulatorControl, fields: dict[str, Any], pointer: str, words: str
) -> None:
    await list_read(shop)

    answer = await create(shop, **fields)

    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert words in error["message"]
    assert await wavespeed_control.requests("submit") == []


async def test_the_price_of_what_would_be_refused_is_refused_alike(shop: httpx.AsyncClient) -> None:
    asked = {"model": PRESS, "input": {"num_image": 2}}
    await list_read(shop)

    refused = await shop.post("/api/models/price", json=asked)
    unfinished = await shop.post("/api/models/price", json=asked | {"input": {}})

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/input/num_image"]
    assert unfinished.status_code == 200, "style may still be chosen"


async def test_who_knows_better_is_let_pass_and_a_retry_is_not_judged_again(shop: httpx.AsyncClient) -> None:
    job = (await create(shop, model="vendor/brand-new", allowUnknownModel=True)).json()
    await shop.delete(f"/api/jobs/{job['jobId']}")

    retried = await shop.post(f"/api/jobs/{job['jobId']}/retry")

    assert retried.status_code == 202, retried.text


async def test_without_a_list_presets_and_any_other_model_are_accepted(
    shop_settings: Settings, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("models", "status", status=500, times=100)
    async with open_api(shop_settings) as client:
        preset = await create(client, model="bytedance/seedream-v4", input={"odd": 1})
        other = await create(client, model="vendor/brand-new", input={"odd": 1})

    assert (preset.status_code, other.status_code) == (202, 202)


async def test_a_list_that_does_not_come_holds_nobody_up_for_long(
    shop_settings: Settings, wavespeed_control: SimulatorControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE_SECONDS", 2)
    await wavespeed_control.order("models", "hold")
    async with open_api(shop_settings) as client:
        answers = [await create(client, model="vendor/brand-new") for _ in range(5)]
        fastest = min(answer.elapsed.total_seconds() for answer in answers)

    assert {answer.status_code for answer in answers} == {202}
    assert fastest < 2, "only the first waits"


async def test_what_was_accepted_before_the_list_came_is_still_a_replay(
    shop_settings: Settings, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("models", "status", status=500)
    async with open_api(shop_settings) as client:
        first = await create(client, "one-key", model="vendor/brand-new")
    async with open_api(shop_settings) as client:
        await list_read(client)
        again = await create(client, "one-key", model="vendor/brand-new")
        another = await create(client, "another-key", model="vendor/brand-new")

    assert (first.status_code, again.status_code, another.status_code) == (202, 202, 422)
    assert again.json()["jobId"] == first.json()["jobId"]
