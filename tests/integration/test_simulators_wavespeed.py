"""WaveSpeed's simulator: envelopes, keys, inputs, states, endings and money."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest

from promptmill.config.presets import compose_request, load_presets, place_pictures
from promptmill.simulators.wavespeed.catalogue import load_models
from promptmill.simulators.wavespeed.inputs import find_problem
from tests.simulator_control import SimulatorControl
from tests.support import eventually, open_http
from tests.wavespeed_calls import EDIT, KLING, PICTURE, TURBO, result, submit


async def test_submit_answers_a_created_prediction_in_the_envelope(wavespeed_http: httpx.AsyncClient) -> None:
    answer = await wavespeed_http.post(f"/api/v3/{EDIT}", json={"prompt": "a fox", "images": [PICTURE]})

    envelope = answer.json()
    data = envelope["data"]
    assert (envelope["code"], envelope["message"]) == (200, "success")
    assert re.fullmatch(r"[0-9a-f]{32}", data["id"])
    assert (data["model"], data["status"], data["outputs"]) == (EDIT, "created", [])
    assert data["urls"]["get"] == f"{wavespeed_http.base_url}/api/v3/predictions/{data['id']}/result".replace(
        "//api", "/api"
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", data["created_at"])


@pytest.mark.parametrize("path", ["/api/v3/predictions/{}/result", "/api/v3/predictions/{}"])
async def test_result_stands_under_both_paths(wavespeed_http: httpx.AsyncClient, path: str) -> None:
    submitted = await submit(wavespeed_http)

    data = (await wavespeed_http.get(path.format(submitted["id"]))).json()["data"]

    assert (data["status"], len(data["outputs"]), data["has_nsfw_contents"]) == ("completed", 1, [False])


async def test_prediction_goes_through_its_states(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.set_timing(min_seconds=4, max_seconds=4)
    submitted = await submit(wavespeed_http)
    seen: list[str] = [submitted["status"]]

    async def completed() -> bool:
        seen.append((await result(wavespeed_http, submitted["id"]))["status"])
        return seen[-1] == "completed"

    await eventually(completed)

    assert list(dict.fromkeys(seen)) == ["created", "processing", "completed"]


async def test_predictions_above_the_limit_wait(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.set_timing(min_seconds=0.2, max_seconds=0.2, concurrent=1)
    submitted = [await submit(wavespeed_http) for _ in range(3)]

    async def ended() -> list[dict[str, Any]]:
        all_results = [await result(wavespeed_http, each["id"]) for each in submitted]
        return all_results if all(each["status"] == "completed" for each in all_results) else []

    ends = [
        datetime.fromisoformat(each["created_at"]) + timedelta(milliseconds=each["executionTime"])
        for each in await eventually(ended)
    ]

    rounded = timedelta(milliseconds=1)
    for earlier, later in pairwise(ends):
        assert later - earlier >= timedelta(seconds=0.2) - rounded, "one begins when the one before has ended"


@pytest.mark.parametrize(
    ("model", "inputs", "words"),
    [
        (EDIT, {}, "'images' is missing"),
        (EDIT, {"images": []}, "must have 1 to 10 items"),
        (EDIT, {"images": [PICTURE] * 11}, "must have 1 to 10 items"),
        (EDIT, {"images": ["picture.png"]}, "must be a URL"),
        (EDIT, {"images": [PICTURE], "size": "1024x1024"}, "must look like"),
        (EDIT, {"images": [PICTURE], "size": "512*1024"}, "between 1024 and 8192"),
        (TURBO, {"prompt": ""}, "'prompt' is missing"),
        (TURBO, {"seed": "1"}, "must be of type integer"),
        (TURBO, {"seed": True}, "must be of type integer"),
        (TURBO, {"seed": 2**31}, "must be between"),
        (TURBO, {"output_format": "gif"}, "must be one of"),
        (KLING, {"image": PICTURE, "duration": "5"}, "must be of type integer"),
        (KLING, {"image": PICTURE, "duration": 7}, "must be one of"),
    ],
)
async def test_wrong_inputs_are_refused_and_cost_nothing(
    wavespeed_http: httpx.AsyncClient,
    wavespeed_control: SimulatorControl,
    model: str,
    inputs: dict[str, Any],
    words: str,
) -> None:
    answer = await wavespeed_http.post(f"/api/v3/{model}", json={"prompt": "a fox", **inputs})

    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert words in answer.json()["message"]
    assert await wavespeed_control.charges() == []


async def test_unknown_model_is_404(wavespeed_http: httpx.AsyncClient) -> None:
    answer = await wavespeed_http.post("/api/v3/nobody/nothing", json={"prompt": "a fox"})

    assert (answer.status_code, answer.json()["code"]) == (404, 404)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": "good"}, 401),
        ({"Authorization": "Basic Z29vZA=="}, 401),
        ({"Authorization": "Bearer bad-key"}, 401),
        ({"Authorization": "Bearer blocked-key"}, 403),
        ({"Authorization": "Bearer poor-key"}, 402),
    ],
)
async def test_key_must_be_good(wavespeed_control: SimulatorControl, headers: dict[str, str], status: int) -> None:
    async with open_http(wavespeed_control.url, headers=headers) as client:
        answer = await client.post(f"/api/v3/{TURBO}", json={"prompt": "a fox"})

    assert (answer.status_code, answer.json()["code"]) == (status, status)


async def test_submits_above_the_minute_are_429(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.set_timing(per_minute=1)

    statuses = [(await wavespeed_http.post(f"/api/v3/{TURBO}", json={"prompt": "a fox"})).status_code for _ in range(4)]

    # Four requests may straddle two minutes, never three.
    assert statuses.count(429) in (2, 3)
    assert len(await wavespeed_control.charges()) == statuses.count(200)


@pytest.mark.parametrize(
    ("ending", "refunds"),
    [
        ({"word": "failed", "code": 1200, "message": "Content flagged as potentially sensitive."}, 1),
        ({"word": "failed", "code": 1402, "message": "Failed to download image."}, 1),
        ({"word": "failed", "code": 1403, "message": "Task execution failed."}, 1),
        ({"word": "failed", "code": 5000, "message": "Internal error."}, 1),
        ({"word": "timeout", "code": 5004, "message": "Timed out."}, 1),
        ({"word": "cancelled", "message": "Cancelled."}, 0),
        ({"word": "deleted", "message": "Deleted."}, 0),
        ({"word": "paused", "message": "Nobody knows this word."}, 0),
    ],
)
async def test_prediction_ends_as_ordered(
    wavespeed_http: httpx.AsyncClient,
    wavespeed_control: SimulatorControl,
    ending: dict[str, Any],
    refunds: int,
) -> None:
    await wavespeed_control.order("submit", "ending", **ending)
    submitted = await submit(wavespeed_http)

    answer = await wavespeed_http.get(f"/api/v3/predictions/{submitted['id']}/result")

    data = answer.json()["data"]
    assert (answer.status_code, answer.json()["code"]) == (200, 200)
    assert (data["status"], data.get("code"), data["error"]) == (
        ending["word"],
        ending.get("code"),
        ending["message"],
    )
    assert data["outputs"] == []
    assert len(await wavespeed_control.charges()) == 1
    assert len(await wavespeed_control.refunds()) == refunds


async def test_refund_comes_late(wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.set_timing(refund_seconds=3600)
    await wavespeed_control.order("submit", "ending", word="failed", code=5000)
    await submit(wavespeed_http)

    assert len(await wavespeed_control.charges()) == 1
    assert await wavespeed_control.refunds() == []


async def test_flagged_output_completes(wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.order("submit", "nsfw")
    data = await result(wavespeed_http, (await submit(wavespeed_http))["id"])

    assert (data["status"], data["has_nsfw_contents"]) == ("completed", [True])


async def test_prediction_that_does_not_end_can_be_ended(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "never")
    submitted = await submit(wavespeed_http)
    before = await result(wavespeed_http, submitted["id"])

    await wavespeed_control.end(submitted["id"], status="failed", code=5000, error="Internal error.")

    after = await result(wavespeed_http, submitted["id"])
    assert (before["status"], after["status"], after["code"]) == ("processing", "failed", 5000)
    assert len(await wavespeed_control.refunds()) == 1


async def test_submit_may_be_made_without_telling_its_id(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "no_id")

    data = await submit(wavespeed_http)

    made = await wavespeed_control.predictions()
    assert len(made) == 1
    assert made[0]["id"] not in str(data)


async def test_submit_may_tell_an_id_beside_an_error_code(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "id_with_code", code=500)

    envelope = (await wavespeed_http.post(f"/api/v3/{TURBO}", json={"prompt": "a fox"})).json()

    assert envelope["code"] == 500
    assert envelope["data"]["id"] == (await wavespeed_control.predictions())[0]["id"]


async def test_price_and_charge_agree(wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    inputs = {"prompt": "a fox", "image": PICTURE, "duration": 10}
    question = {"model_id": KLING, "inputs": inputs}

    price = (await wavespeed_http.post("/api/v3/model/price", json=question)).json()["data"]
    floor = (await wavespeed_http.post("/api/v3/model/price", json={"model_id": KLING, "inputs": {}})).json()["data"]
    await submit(wavespeed_http, KLING, **inputs)

    assert (price["price"], floor["price"]) == (0.7, 0.35)
    assert [Decimal(charge["usd"]) for charge in await wavespeed_control.charges()] == [Decimal("0.70")]
    balance = (await wavespeed_http.get("/api/v3/balance")).json()["data"]["balance"]
    assert balance == pytest.approx(1_000_000 - 0.7)


async def books(http: httpx.AsyncClient, *ids: str, **question: Any) -> tuple[list[dict[str, Any]], bool]:
    """The entries of a page, and whether there are more."""
    answer = await http.post("/api/v3/billings/search", json={"prediction_uuids": [*ids], **question})
    data = answer.json()["data"]
    return data["items"], data["has_more"]


async def test_the_books_show_what_the_ledger_has_page_by_page(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    """Here less than was quoted."""
    await wavespeed_control.set_timing(charged_share=0.85)
    made = [(await submit(wavespeed_http))["id"] for _ in range(3)]

    [newest], more = await books(wavespeed_http, *made[:2], page=1, page_size=1)
    [oldest], still_more = await books(wavespeed_http, *made[:2], page=2, page_size=1)

    assert (more, still_more) == (True, False)
    assert [each["prediction"]["uuid"] for each in (oldest, newest)] == made[:2]
    assert {each["billing_type"] for each in (oldest, newest)} == {"deduct"}
    [charge, *_] = await wavespeed_control.charges()
    assert (Decimal(str(oldest["price"])), oldest["created_at"]) == (Decimal(charge["usd"]), round(charge["at"] * 1000))
    quote = (await wavespeed_http.post("/api/v3/model/price", json={"model_id": TURBO, "inputs": {}})).json()["data"]
    assert oldest["price"] == pytest.approx(quote["price"] * 0.85, abs=1e-6)


async def test_the_books_lag(wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.set_timing(billing_seconds=3600)
    made = (await submit(wavespeed_http))["id"]
    assert await books(wavespeed_http, made) == ([], False)
    await wavespeed_control.set_timing(billing_seconds=0)

    assert len((await books(wavespeed_http, made))[0]) == 1


@pytest.mark.parametrize("refunds", [True, False])
async def test_a_failed_prediction_is_refunded_once_or_never(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, *, refunds: bool
) -> None:
    await wavespeed_control.set_timing(refund_failures=refunds)
    made = (await submit(wavespeed_http))["id"]
    for _ in range(2):
        await wavespeed_control.end(made, status="failed")

    kinds = [item["billing_type"] for item in (await books(wavespeed_http, made))[0]]
    assert kinds == (["refund", "deduct"] if refunds else ["deduct"])
    assert (await wavespeed_control.balance() == 1_000_000) is refunds


async def test_a_refund_that_was_planned_is_forgotten_if_it_completes_after_all(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.set_timing(min_seconds=3600, max_seconds=3600)
    await wavespeed_control.order("submit", "ending", word="failed")
    made = (await submit(wavespeed_http))["id"]
    await wavespeed_control.set_timing(refund_seconds=0)
    await wavespeed_control.end(made, status="completed")

    assert [item["billing_type"] for item in (await books(wavespeed_http, made))[0]] == ["deduct"]


async def test_odd_questions_to_the_books_are_refused(wavespeed_http: httpx.AsyncClient) -> None:
    for question in ({"page": 0}, {"page_size": 101}, {"prediction_uuids": "p"}):
        assert (await wavespeed_http.post("/api/v3/billings/search", json=question)).status_code == 400


async def test_balance_that_is_too_low_refuses(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.set_credit("0.006")

    statuses = [(await wavespeed_http.post(f"/api/v3/{TURBO}", json={"prompt": "a fox"})).status_code for _ in range(2)]

    assert statuses == [200, 402]


async def test_models_are_listed_with_their_schemas(wavespeed_http: httpx.AsyncClient) -> None:
    listed = (await wavespeed_http.get("/api/v3/models")).json()["data"]

    edit = next(model for model in listed if model["model_id"] == EDIT)
    run = edit["api_schema"]["api_schemas"][0]
    assert (edit["type"], edit["base_price"], run["api_path"]) == ("image-to-image", 0.027, f"/api/v3/{EDIT}")
    assert run["request_schema"]["required"] == ["prompt", "images"]
    assert list(run["request_schema"]["properties"]) == run["request_schema"]["x-order-properties"]


@pytest.mark.parametrize("model", load_presets())
def test_every_preset_is_a_model_whose_requests_are_taken(model: str) -> None:
    simulated = load_models()[model]
    preset = load_presets()[model]

    for size in preset.sizes or (None,):
        inputs = place_pictures({"size": size} if size else {}, preset.pictures_field, preset.max_pictures, PICTURE, [])
        request = compose_request(model, inputs, "a fox", 7)
        assert find_problem(simulated, request) is None
    assert simulated.is_video is (preset.kind == "video")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/v3/predictions/0123"),
        ("POST", "/api/v3/model/pricing"),
        ("POST", "/api/v3/media/upload/binary"),
        ("GET", "/api/v2/predictions/0123/result"),
    ],
)
async def test_what_nobody_calls_is_501(wavespeed_http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await wavespeed_http.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (501, 501)
