"""WaveSpeed's simulator: envelopes, states, inputs, history, money, uploads and outputs."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from promptmill.local.simulators.accounts import Timing
from promptmill.local.simulators.clock import now, rfc3339
from promptmill.local.simulators.serving import open_simulator
from promptmill.local.simulators.wavespeed.app import create_wavespeed_app
from promptmill.local.simulators.wavespeed.catalogue import load_models
from promptmill.local.simulators.wavespeed.inputs import find_problem
from promptmill.local.simulators.wavespeed.journal import Journal
from promptmill.local.simulators.wavespeed.predictions import KEPT_SECONDS
from promptmill.presets import compose_request, load_presets
from tests.simulator_control import SimulatorControl
from tests.support import eventually

TURBO = "wavespeed-ai/z-image/turbo"
EDIT = "bytedance/seedream-v4/edit"
KLING = "kwaivgi/kling-v2.5-turbo-pro/image-to-video"
PICTURE = "https://example.com/picture.png"


async def submit(client: httpx.AsyncClient, model: str = TURBO, **inputs: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/v3/{model}", json={"prompt": "a fox", **inputs})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def result(client: httpx.AsyncClient, prediction_id: str) -> dict[str, Any]:
    data: dict[str, Any] = (await client.get(f"/api/v3/predictions/{prediction_id}/result")).json()["data"]
    return data


async def history(client: httpx.AsyncClient, **question: Any) -> list[dict[str, Any]]:
    answer = await client.post("/api/v3/predictions", json={"page": 1, "page_size": 100, **question})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["data"]["items"]
    return items


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
    await wavespeed_control.set_timing(min_seconds=1, max_seconds=1)
    submitted = await submit(wavespeed_http)
    seen: list[str] = []

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

    times = [each["executionTime"] for each in await eventually(ended)]

    assert times[0] < 250 < times[1] < times[2]
    assert times[2] > 500


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
    async with httpx.AsyncClient(base_url=wavespeed_control.url, headers=headers, trust_env=False) as client:
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


async def test_history_is_newest_first_and_filtered(wavespeed_http: httpx.AsyncClient) -> None:
    first = await submit(wavespeed_http, seed=1)
    second = await submit(wavespeed_http, EDIT, images=[PICTURE])
    third = await submit(wavespeed_http, seed=3)

    async def ids(**question: Any) -> list[str]:
        return [item["id"] for item in await history(wavespeed_http, **question)]

    tomorrow = rfc3339(now() + 86_400)
    assert await ids() == [third["id"], second["id"], first["id"]]
    assert await ids(page=2, page_size=2) == [first["id"]]
    assert await ids(model=EDIT) == [second["id"]]
    assert await ids(status="failed") == []
    assert await ids(status="completed", model=EDIT) == [second["id"]]
    assert await ids(created_after=tomorrow) == []
    assert len(await ids(created_before=tomorrow)) == 3


async def test_history_holds_inputs_only_when_asked(wavespeed_http: httpx.AsyncClient) -> None:
    await submit(wavespeed_http, seed=7)

    without, with_inputs = await history(wavespeed_http), await history(wavespeed_http, include_inputs=True)

    assert "inputs" not in without[0]
    assert with_inputs[0]["inputs"] == {"prompt": "a fox", "seed": 7}


@pytest.mark.parametrize(
    "question",
    [
        {"page_size": 10},
        {"page": 1},
        {"page": 0, "page_size": 10},
        {"page": 1, "page_size": 101},
        {"page": "1", "page_size": 10},
        {"page": 1, "page_size": 10, "status": "open"},
        {"page": 1, "page_size": 10, "created_after": "yesterday"},
    ],
)
async def test_wrong_history_question_is_400(wavespeed_http: httpx.AsyncClient, question: dict[str, Any]) -> None:
    answer = await wavespeed_http.post("/api/v3/predictions", json=question)

    assert (answer.status_code, answer.json()["code"]) == (400, 400)


async def test_prediction_can_stay_out_of_the_history(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "hidden")
    hidden, shown = await submit(wavespeed_http), await submit(wavespeed_http)
    await wavespeed_control.order("history", "hidden")

    empty, later = await history(wavespeed_http), await history(wavespeed_http)

    assert empty == []
    assert [item["id"] for item in later] == [shown["id"]]
    assert (await result(wavespeed_http, hidden["id"]))["status"] == "completed"


async def test_history_can_lack_inputs(wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await submit(wavespeed_http)
    await wavespeed_control.order("history", "without_inputs")

    assert "inputs" not in (await history(wavespeed_http, include_inputs=True))[0]


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
        request = compose_request(model, {"size": size} if size else {}, "a fox", PICTURE, [], 7)
        assert find_problem(simulated, request) is None
    assert simulated.is_video is (preset.kind == "video")


@pytest.mark.parametrize(
    ("model", "inputs", "size", "file_format"),
    [
        (EDIT, {"images": [PICTURE], "size": "1536*2048"}, (1536, 2048), "PNG"),
        (EDIT, {"images": [PICTURE], "size": "4096*4096"}, (4096, 4096), "PNG"),
        (TURBO, {"size": "256*1536", "seed": 5}, (256, 1536), "PNG"),
        (TURBO, {"size": "1024*768", "output_format": "jpeg"}, (1024, 768), "JPEG"),
        (TURBO, {"prompt": "狐狸 🦊 " * 200, "output_format": "webp"}, (1024, 1024), "WEBP"),
        ("google/nano-banana-pro/text-to-image", {"resolution": "2k", "aspect_ratio": "16:9"}, (2048, 1152), "PNG"),
    ],
)
async def test_output_is_a_picture_of_the_asked_size(
    wavespeed_http: httpx.AsyncClient, model: str, inputs: dict[str, Any], size: tuple[int, int], file_format: str
) -> None:
    prediction = await result(wavespeed_http, (await submit(wavespeed_http, model, **inputs))["id"])

    answer = await wavespeed_http.get(prediction["outputs"][0], headers={"Authorization": ""})

    picture = Image.open(io.BytesIO(answer.content))
    picture.load()
    assert (picture.size, picture.format) == (size, file_format)
    assert answer.headers["content-type"] == f"image/{file_format.lower()}"


async def test_pictures_show_their_prompt_and_seed(wavespeed_http: httpx.AsyncClient) -> None:
    async def picture(**inputs: Any) -> bytes:
        prediction = await result(wavespeed_http, (await submit(wavespeed_http, **inputs))["id"])
        return (await wavespeed_http.get(prediction["outputs"][0])).content

    one, same = await picture(seed=1), await picture(seed=1)
    other_seed, other_prompt = await picture(seed=2), await picture(seed=1, prompt="a badger")

    assert one == same
    assert len({one, other_seed, other_prompt}) == 3


async def test_several_pictures_are_several_outputs_and_cost_so(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    submitted = await submit(wavespeed_http, "wavespeed-ai/flux-dev", num_images=3)

    assert len(set((await result(wavespeed_http, submitted["id"]))["outputs"])) == 3
    assert (await wavespeed_control.charges())[0]["usd"] == "0.036"


async def test_video_output_decodes(wavespeed_http: httpx.AsyncClient) -> None:
    prediction = await result(wavespeed_http, (await submit(wavespeed_http, KLING, image=PICTURE))["id"])

    answer = await wavespeed_http.get(prediction["outputs"][0])
    part = await wavespeed_http.get(prediction["outputs"][0], headers={"Range": "bytes=0-99"})

    assert (answer.headers["content-type"], part.status_code, len(part.content)) == ("video/mp4", 206, 100)
    with av.open(io.BytesIO(answer.content)) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert len(list(film.decode(stream))) == stream.frames > 10


async def test_output_exists_only_when_completed(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "never")
    submitted = await submit(wavespeed_http)
    address = f"/output/{submitted['id']}-0.png"

    before = await wavespeed_http.get(address)
    await wavespeed_control.end(submitted["id"])

    assert (before.status_code, (await wavespeed_http.get(address)).status_code) == (404, 200)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"12345", 200),
        ({"x-upload-ticket": "another"}, b"12345", 403),
        ({"Content-Type": "text/plain"}, b"12345", 403),
        ({}, b"1234", 400),
    ],
)
async def test_upload_needs_exactly_what_the_ticket_says(
    wavespeed_http: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int
) -> None:
    question = {"filename": "fox.png", "size": 5, "content_type": "image/png"}
    ticket = (await wavespeed_http.post("/api/v3/media/uploads", json=question)).json()["data"]
    upload = ticket["upload"]

    put = await wavespeed_http.request(
        upload["method"], upload["url"], content=body, headers={**upload["headers"], **headers}
    )

    assert put.status_code == status
    assert (await wavespeed_http.get(ticket["download_url"])).status_code == (200 if status == 200 else 404)


async def test_too_large_an_upload_is_413(wavespeed_http: httpx.AsyncClient) -> None:
    question = {"filename": "fox.png", "size": 10**9}

    assert (await wavespeed_http.post("/api/v3/media/uploads", json=question)).status_code == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v3/predictions/delete"),
        ("DELETE", "/api/v3/predictions/0123"),
        ("POST", "/api/v3/model/pricing"),
        ("POST", "/api/v3/media/upload/binary"),
        ("GET", "/api/v2/predictions/0123/result"),
    ],
)
async def test_what_nobody_calls_is_501(wavespeed_http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await wavespeed_http.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (501, 501)


async def test_predictions_and_their_charges_survive_a_restart(tmp_path: Path) -> None:
    journal = tmp_path / "simulator.jsonl"
    headers = {"Authorization": "Bearer somebody"}

    async def visit(url: str, path: str, **body: Any) -> Any:
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            return (await client.post(path, json=body) if body else await client.get(path)).json()["data"]

    at_once = Timing(min_seconds=0, max_seconds=0)
    async with open_simulator(create_wavespeed_app(at_once, journal=journal)) as simulator:
        submitted = await visit(simulator.url, f"/api/v3/{TURBO}", prompt="a fox")
    with journal.open("a") as file:
        file.write('{"id": "half a li')  # as a killed process leaves it
    async with open_simulator(create_wavespeed_app(at_once, journal=journal)) as simulator:
        again = await visit(simulator.url, f"/api/v3/predictions/{submitted['id']}/result")
        charges = await SimulatorControl(simulator.url, "somebody").charges()

    assert again["status"] == "completed"
    assert [charge["id"] for charge in charges] == [submitted["id"]]


async def test_predictions_are_forgotten_after_seven_days(tmp_path: Path) -> None:
    journal = tmp_path / "simulator.jsonl"
    at_once = Timing(min_seconds=0, max_seconds=0)
    async with (
        open_simulator(create_wavespeed_app(at_once, journal=journal)) as simulator,
        httpx.AsyncClient(base_url=simulator.url, headers={"Authorization": "Bearer x"}, trust_env=False) as client,
    ):
        submitted = await submit(client)
    line = journal.read_text()
    created = Journal(journal).load()[0].created_at
    journal.write_text(line.replace(f'"created_at": {created}', f'"created_at": {created - KEPT_SECONDS}'))

    async with (
        open_simulator(create_wavespeed_app(at_once, journal=journal)) as simulator,
        httpx.AsyncClient(base_url=simulator.url, headers={"Authorization": "Bearer x"}, trust_env=False) as client,
    ):
        answer = await client.get(f"/api/v3/predictions/{submitted['id']}/result")

    assert answer.status_code == 404
    assert journal.read_text() == ""
