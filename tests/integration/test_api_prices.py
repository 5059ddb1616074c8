"""Prices over HTTP: as much as WaveSpeed's simulator then charges, and when they may be a minimum."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.catalogue.floors import NOT_KNOWN
from api.catalogue.prices import ANY_SEED, AT_ONCE, BUSY, NO_KEY
from promptmill.config.presets import compose_request
from promptmill.config.settings import Settings
from promptmill.store import Store
from tests.fixtures.api import open_api
from tests.simulator_control import SimulatorControl
from tests.support import eventually

PICTURE = "https://pictures.example/1.png"
PRESS = "simulated/poster-press/text-to-image"
WAN = "alibaba/wan-2.6/text-to-video"
I2V = "wavespeed-ai/wan-2.2/i2v-720p"
QUESTION: dict[str, Any] = {
    "model": PRESS,
    "input": {"style": "comic", "quality": "print", "num_images": 2},
    "prompt": "a fox",
}


async def priced(client: httpx.AsyncClient, **question: Any) -> dict[str, Any]:
    answer = await client.post("/api/models/price", json=question)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    "question",
    [
        QUESTION,
        {"model": PRESS, "input": {"style": "comic"}, "prompt": "a fox"},
        {"model": WAN, "input": {"size": "1920*1080", "duration": 15}, "prompt": "a fox"},
        {"model": WAN, "prompt": "a fox"},
        {"model": "wavespeed-ai/flux-dev", "input": {"num_images": 3}, "prompt": "a fox"},
        {"model": I2V, "input": {"duration": 8}, "prompt": "a fox", "targetUrl": PICTURE},
    ],
    ids=str,
)
async def test_the_price_is_what_the_same_body_is_charged(
    shop: httpx.AsyncClient,
    wavespeed_http: httpx.AsyncClient,
    wavespeed_control: SimulatorControl,
    question: dict[str, Any],
) -> None:
    answer = await priced(shop, **question)

    pictures = {"image": question["targetUrl"]} if "targetUrl" in question else {}
    body = compose_request(question["model"], question.get("input", {}) | pictures, "a fox", ANY_SEED)
    [asked] = await wavespeed_control.requests("price")
    assert asked["body"] == {"model_id": question["model"], "inputs": body}
    assert (await wavespeed_http.post(f"/api/v3/{question['model']}", json=body)).status_code == 200
    [charge] = await wavespeed_control.charges()
    assert answer["priceUsd"] == float(charge["usd"])
    assert answer["reason"] is None
    assert answer["askedAt"].endswith("Z")


async def test_a_price_says_what_is_still_missing_and_what_the_list_price_is(
    shop: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.set_timing(discount=0.25)
    edit = {"model": "google/nano-banana/edit", "prompt": "a fox"}

    found = await priced(shop, **edit)

    assert (found["priceUsd"], found["listPriceUsd"]) == (0.0285, 0.038)
    refused = (await shop.post("/api/jobs/create", json=edit)).json()
    assert found["problems"] == refused["errors"]
    assert [each["pointer"] for each in found["problems"]] == ["/input/images"]
    assert (await priced(shop, **edit, targetUrl=PICTURE))["problems"] == []


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        (QUESTION, []),
        ({"model": PRESS, "prompt": "a fox"}, ["quality", "num_images"]),
        ({"model": PRESS, "input": {"num_images": 4}}, ["quality"]),
        ({"model": I2V, "targetUrl": PICTURE}, ["duration"]),
        ({"model": WAN}, []),
        ({"model": WAN, "input": {"duration": None}}, ["duration"]),
    ],
    ids=str,
)
async def test_a_price_without_what_moves_it_may_be_a_floor(
    shop: httpx.AsyncClient, question: dict[str, Any], missing: list[str]
) -> None:
    answer = await priced(shop, **question)

    assert (answer["floor"], answer["missing"]) == (bool(missing), missing)
    assert answer["priceUsd"] > 0


async def test_of_an_unknown_model_the_price_is_null_with_wavespeeds_words_and_a_floor(shop: httpx.AsyncClient) -> None:
    answer = await priced(shop, model="vendor/unheard-of", prompt="a fox", allowUnknownModel=True)

    assert (answer["priceUsd"], answer["floor"], answer["missing"]) == (None, True, [])
    assert "model not found" in answer["reason"]


async def test_of_a_model_that_only_wavespeed_knows_the_price_is_a_floor_while_its_list_is_not_there(
    shop: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("models", "status", status=500)

    answer = await priced(shop, **QUESTION)

    assert (answer["priceUsd"], answer["floor"], answer["missing"]) == (0.24, True, [])
    assert answer["reason"] == NOT_KNOWN


async def test_without_a_key_there_is_a_reason_instead_of_a_price(
    shop_settings: Settings, wavespeed_control: SimulatorControl
) -> None:
    async with open_api(shop_settings.model_copy(update={"wavespeed_api_key": None})) as client:
        answer = await priced(client, model=I2V, prompt="a fox")

    assert (answer["priceUsd"], answer["reason"]) == (None, NO_KEY)
    assert await wavespeed_control.requests() == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 500}, "WaveSpeed responded 500"),
        ({"kind": "status", "status": 401}, "WaveSpeed responded 401"),
        ({"kind": "status", "status": 200, "code": 400, "message": "bad inputs"}, "bad inputs"),
        ({"kind": "html", "status": 502}, "WaveSpeed responded 502"),
        ({"kind": "empty", "status": 200}, "no price"),
        ({"kind": "cut"}, "is unreachable"),
        ({"kind": "hold"}, "is unreachable"),
    ],
    ids=str,
)
async def test_while_wavespeed_tells_no_price_the_form_goes_on(
    shop: httpx.AsyncClient,
    wavespeed_control: SimulatorControl,
    account: str,
    fault: dict[str, Any],
    words: str,
) -> None:
    await wavespeed_control.order("price", **fault)

    answer = await priced(shop, **QUESTION)
    again = await priced(shop, **QUESTION)

    assert answer["priceUsd"] is None
    assert words in answer["reason"]
    assert account not in answer["reason"]
    assert (answer["floor"], answer["missing"]) == (False, [])
    assert again == answer, "remembered for some seconds, so that a form in haste does not add to the trouble"


async def test_the_same_question_is_asked_once(shop: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.order("price", "delay", seconds=0.3)
    other_order = {"prompt": "a fox", "input": dict(reversed(QUESTION["input"].items())), "model": PRESS}

    answers = await asyncio.gather(*(priced(shop, **QUESTION) for _ in range(10)), priced(shop, **other_order))
    later = await priced(shop, **QUESTION)

    assert {answer["askedAt"] for answer in [*answers, later]} == {later["askedAt"]}
    assert len(await wavespeed_control.requests("price")) == 1


async def test_few_questions_are_under_way_at_once_and_the_others_are_not_left_waiting(
    shop: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("price", "hold", times=50)
    questions = [QUESTION | {"prompt": f"fox {number}"} for number in range(AT_ONCE + 6)]

    asking = [asyncio.create_task(priced(shop, **question)) for question in questions]
    await wavespeed_control.wait_held(AT_ONCE)
    await eventually(lambda: sum(task.done() for task in asking) >= 6, what="six refusals")
    asked = await wavespeed_control.requests("price")
    await wavespeed_control.release()
    answers = await asyncio.gather(*asking)

    assert len(asked) == AT_ONCE
    assert [answer["reason"] for answer in answers].count(BUSY) == 6
    assert [answer["priceUsd"] for answer in answers].count(0.24) == AT_ONCE
    await wavespeed_control.clear_faults()
    assert (await priced(shop, **questions[-1]))["priceUsd"] == 0.24, "a refusal is not remembered"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"model": "a/b/c/d"}, "/model"),
        ({"input": {"prompt": "x"}}, "/input/prompt"),
        ({"input": {"text": "x" * 70_000}}, "/input"),
        ({"input": []}, "/input"),
        ({"refUrls": [PICTURE] * 9}, "/refUrls"),
        ({"targetUrl": "http://10.0.0.1/x.png"}, "/targetUrl"),
        ({"input": {"image": "file:///etc/passwd"}}, "/input/image"),
        ({"priority": 5}, "/priority"),
    ],
    ids=str,
)
async def test_what_a_job_could_not_name_is_refused(
    shop: httpx.AsyncClient, wavespeed_control: SimulatorControl, change: dict[str, Any], pointer: str
) -> None:
    answer = await shop.post("/api/models/price", json=QUESTION | change)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert await wavespeed_control.requests("price") == []


async def test_while_drained_prices_are_told_and_nothing_is_stored(shop: httpx.AsyncClient, store: Store) -> None:
    await store.operations.set_drain("an upgrade")

    answer = await priced(shop, **QUESTION)

    assert answer["priceUsd"] == 0.24
    assert (await shop.get("/api/jobs")).json()["items"] == []


async def test_a_wrong_key_is_named_without_its_words(
    shop_settings: Settings, wavespeed_control: SimulatorControl
) -> None:
    wrong = shop_settings.model_copy(update={"wavespeed_api_key": SecretStr("key with space")})
    async with open_api(wrong) as client:
        answer = await priced(client, **QUESTION)

    assert answer["priceUsd"] is None
    assert "WAVESPEED_API_KEY" in answer["reason"]
    assert "key with space" not in answer["reason"]
