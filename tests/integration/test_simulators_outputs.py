"""Files at WaveSpeed's simulator: real images and videos as outputs, and uploads."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from tests.simulator_control import SimulatorControl
from tests.wavespeed_calls import EDIT, KLING, PICTURE, TURBO, result, submit


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
    assert Decimal((await wavespeed_control.charges())[0]["usd"]) == Decimal("0.036")


async def test_video_output_decodes(wavespeed_http: httpx.AsyncClient) -> None:
    prediction = await result(wavespeed_http, (await submit(wavespeed_http, KLING, image=PICTURE))["id"])

    answer = await wavespeed_http.get(prediction["outputs"][0])
    part = await wavespeed_http.get(prediction["outputs"][0], headers={"Range": "bytes=0-99"})

    assert (answer.headers["content-type"], part.status_code, len(part.content)) == ("video/mp4", 206, 100)
    with av.open(io.BytesIO(answer.content), "r") as film:
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


async def test_a_ticket_can_be_ordered_that_has_expired(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("upload", "expired")

    statuses = []
    for _ in range(2):
        ticket = (await wavespeed_http.post("/api/v3/media/uploads", json={"filename": "fox.png", "size": 5})).json()
        upload = ticket["data"]["upload"]
        put = await wavespeed_http.request("PUT", upload["url"], content=b"12345", headers=upload["headers"])
        statuses.append(put.status_code)

    assert statuses == [403, 200]


async def test_too_large_an_upload_is_413(wavespeed_http: httpx.AsyncClient) -> None:
    question = {"filename": "fox.png", "size": 10**9}

    assert (await wavespeed_http.post("/api/v3/media/uploads", json=question)).status_code == 413
