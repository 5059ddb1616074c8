"""A job's images over HTTP: what is accepted, what is reported, and what the paid POST then contains."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from promptmill.config.settings import Settings
from promptmill.contracts.store import JobFilter
from promptmill.store import Store
from tests.fixtures.api import open_api
from tests.fixtures.mill import EDIT_MODEL, Mill
from tests.simulator_control import SimulatorControl

TARGET, *REFS = (f"https://pictures.example/{number}.png" for number in range(4))
PRESS = "simulated/poster-press/text-to-image"
KLING_3 = "kwaivgi/kling-v3.0-std/image-to-video"
"""Both are only in WaveSpeed's list: one takes up to four `images`, the other a single `image`."""

ASKED = {"model": PRESS, "input": {"style": "comic"}, "prompt": "a fox", "targetUrl": TARGET}


@pytest.mark.parametrize(
    ("asked", "sent", "warnings"),
    [
        (
            {"model": PRESS, "input": {"style": "comic"}, "targetUrl": TARGET, "refUrls": REFS},
            {"images": [*REFS, TARGET]},
            0,
        ),
        ({"model": KLING_3, "refUrls": REFS[:1]}, {"image": REFS[0]}, 0),
        ({"model": KLING_3, "targetUrl": TARGET, "refUrls": REFS}, {"image": TARGET}, 1),
        ({"model": EDIT_MODEL, "targetUrl": TARGET, "refUrls": REFS}, {"images": [*REFS, TARGET]}, 0),
        (
            {"model": KLING_3, "targetUrl": TARGET, "refUrls": REFS, "useAiPrompt": True},
            {"image": TARGET},
            1,
        ),
    ],
)
async def test_the_paid_post_holds_the_pictures_that_were_accepted_and_quoted(
    mill: Mill, asked: dict[str, Any], sent: dict[str, Any], warnings: int
) -> None:
    async with open_api(mill.settings) as client:
        answer = await client.post("/api/jobs/create", json={"prompt": "a fox"} | asked)
        question = {name: value for name, value in asked.items() if name != "useAiPrompt"}
        price = await client.post("/api/models/price", json=question | {"prompt": "a fox"})

    assert (answer.status_code, price.status_code) == (202, 200)
    job = answer.json()
    assert job["input"] == asked.get("input", {}) | sent
    assert (job["targetUrl"], job["refUrls"]) == (asked.get("targetUrl"), asked["refUrls"])
    assert len(job["warnings"]) == warnings
    await mill.reaches(UUID(job["jobId"]), "completed")
    [submit] = await mill.wavespeed.requests("submit")
    assert {name: submit["body"].get(name) for name in ("image", "images")} == {"image": None, "images": None} | sent
    quoted = (await mill.wavespeed.requests("price"))[0]["body"]["inputs"]
    assert {name: quoted.get(name) for name in sent} == sent


async def test_grok_sees_all_pictures_also_those_that_the_model_does_not_take(mill: Mill) -> None:
    async with open_api(mill.settings) as client:
        asked = {"model": KLING_3, "targetUrl": TARGET, "refUrls": REFS, "useAiPrompt": True}
        job = (await client.post("/api/jobs/create", json=asked)).json()
    await mill.reaches(UUID(job["jobId"]), "completed")

    [question] = await mill.grok.requests("chat")
    shown = [part["image_url"]["url"] for part in question["body"]["messages"][-1]["content"] if "image_url" in part]
    assert shown == [*REFS, TARGET]


@pytest.mark.parametrize(
    ("model", "inputs", "body"),
    [
        (EDIT_MODEL, {}, {"images": [*REFS, TARGET]}),
        (EDIT_MODEL, {"images": [TARGET]}, {"images": [TARGET]}),
        ("wavespeed-ai/flux-kontext-pro", {}, {"image": TARGET}),
        ("wavespeed-ai/qwen-image/edit", {}, {"images": [*REFS[:2], TARGET]}),
        (PRESS, {"style": "comic"}, {}),
    ],
)
async def test_a_job_of_an_earlier_release_is_sent_as_that_would_have_sent_it(
    mill: Mill, model: str, inputs: dict[str, Any], body: dict[str, Any]
) -> None:
    """Its input does not contain the images: only the preset says where they go."""
    job_id = await mill.create(model=model, input=inputs, target_url=TARGET, ref_urls=tuple(REFS))
    await mill.reaches(job_id, "completed")

    [submit] = await mill.wavespeed.requests("submit")
    assert {name: value for name, value in submit["body"].items() if name in ("image", "images")} == body


async def test_a_retry_sends_what_its_job_was_accepted_with(mill: Mill) -> None:
    """WaveSpeed's list is not fetched again: by then it may be unavailable, or different."""
    async with open_api(mill.settings) as client:
        job = (await client.post("/api/jobs/create", json=ASKED)).json()
        await mill.reaches(UUID(job["jobId"]), "completed")
    await mill.wavespeed.order("models", "status", status=500, times=100)
    async with open_api(mill.settings) as client:
        again = (await client.post(f"/api/jobs/{job['jobId']}/retry", json={})).json()
    await mill.reaches(UUID(again["jobId"]), "completed")

    assert [submit["body"]["images"] for submit in await mill.wavespeed.requests("submit")] == [[TARGET], [TARGET]]


async def test_more_than_the_model_takes_are_refused_and_nothing_is_stored(
    shop: httpx.AsyncClient, store: Store
) -> None:
    answer = await shop.post("/api/jobs/create", json=ASKED | {"refUrls": [*REFS, TARGET]})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"] == [
        {"pointer": "/refUrls", "message": f"{PRESS} takes 4 images at most; target and references are 5."}
    ]
    assert await store.jobs.list("local", JobFilter(limit=1)) == []


async def test_while_the_list_cannot_be_read_no_job_is_paid_without_its_pictures(
    shop: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("models", "status", status=500)

    alone = await shop.post("/api/jobs/create", json=ASKED)
    with_grok = await shop.post("/api/jobs/create", json=ASKED | {"useAiPrompt": True})
    own = await shop.post("/api/jobs/create", json=ASKED | {"input": {"images": [TARGET]}, "targetUrl": None})
    preset = await shop.post("/api/jobs/create", json=ASKED | {"model": EDIT_MODEL, "input": {}})

    assert (alone.status_code, alone.json()["code"], alone.headers["retry-after"]) == (
        503,
        "provider_unavailable",
        "30",
    )
    assert "put them into input" in alone.json()["detail"]
    assert (with_grok.status_code, own.status_code, preset.status_code) == (202, 202, 202)
    [warning] = with_grok.json()["warnings"]
    assert warning.startswith("The images go to Grok only: WaveSpeed's models cannot be read now.")
    assert own.json()["warnings"] == preset.json()["warnings"] == []


async def test_a_change_of_the_model_alone_loses_no_pictures(
    shop: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("models", "status", status=500)
    for_grok: dict[str, Any] = {
        "model": "bytedance/seedream-v4",
        "input": {},
        "refUrls": REFS,
        "targetUrl": None,
        "useAiPrompt": True,
    }
    to_grok = (await shop.post("/api/jobs/create", json=ASKED | for_grok)).json()
    now = (await shop.patch(f"/api/jobs/{to_grok['jobId']}", json={"model": EDIT_MODEL})).json()
    job = (await shop.post("/api/jobs/create", json=ASKED | {"model": EDIT_MODEL, "input": {}})).json()

    unknown = await shop.patch(f"/api/jobs/{job['jobId']}", json={"model": PRESS})

    assert to_grok["warnings"]
    assert (now["input"], now["warnings"]) == ({"images": REFS}, [])
    assert (unknown.status_code, unknown.json()["code"]) == (503, "provider_unavailable")


async def test_a_job_that_was_accepted_is_told_again_though_the_list_has_gone_since(
    shop_settings: Settings, wavespeed_control: SimulatorControl
) -> None:
    """A refusal would make the caller create, and pay for, another job."""
    key = {"Idempotency-Key": "one"}
    async with open_api(shop_settings) as client:
        first = await client.post("/api/jobs/create", json=ASKED, headers=key)
    await wavespeed_control.order("models", "status", status=500)
    async with open_api(shop_settings) as client:
        again = await client.post("/api/jobs/create", json=ASKED, headers=key)
        new = await client.post("/api/jobs/create", json=ASKED, headers={"Idempotency-Key": "two"})

    assert (again.status_code, again.json()["jobId"]) == (202, first.json()["jobId"])
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["input"]["images"] == [TARGET]
    assert new.status_code == 503
