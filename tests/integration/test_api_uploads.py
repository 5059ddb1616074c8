"""Image uploads over HTTP: what WaveSpeed's simulator receives, and what is refused before that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.http.bodies import ENVELOPE_BYTES
from api.http.problem_kinds import PROBLEM_KINDS
from api.uploads.recordings import recording_type
from promptmill.config.settings import Settings
from tests.fixtures.api import open_api
from tests.fixtures.simulators import ProviderSimulator
from tests.pictures import SECRET, drawn, gps_exif, opened, saved
from tests.simulator_control import SimulatorControl
from tests.support import open_http

UPLOADS = "/api/uploads"
FOX = saved(drawn(), "JPEG", exif=gps_exif(6))
LIMIT = 100_000


@pytest.fixture
def upload_settings(lonely_settings: Settings, wavespeed_simulator: ProviderSimulator, account: str) -> Settings:
    """Settings of an installation whose Temporal is unavailable: uploads do not need it."""
    changed = {
        "wavespeed_api_base": wavespeed_simulator.url,
        "wavespeed_api_key": SecretStr(account),
        "allow_private_addresses": True,
        "upload_max_bytes": LIMIT,
        "upload_max_pixels": 1_000_000,
        "uploads_at_once": 1,
    }
    return lonely_settings.model_copy(update=changed)


@pytest.fixture
async def upload_api(upload_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with open_api(upload_settings) as client:
        yield client


async def upload(client: httpx.AsyncClient, data: bytes = FOX, name: str = "fox.jpg", **more: Any) -> httpx.Response:
    return await client.post(UPLOADS, files={"file": (name, data, "image/jpeg")}, **more)


def assert_problem(answer: httpx.Response, code: str) -> str:
    assert answer.json()["code"] == code, answer.text
    assert answer.status_code == PROBLEM_KINDS[code].status
    detail: str = answer.json()["detail"]
    return detail


async def test_a_picture_is_cleaned_and_put_at_wavespeed(
    upload_api: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    answer = await upload(upload_api, name="my house.jpg")

    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert answer.headers["location"] == told["url"]
    assert {**told, "url": "", "expiresAt": "", "sizeBytes": 0} == {
        "url": "", "contentType": "image/jpeg", "width": 48, "height": 64, "sizeBytes": 0, "expiresAt": "",
    }  # fmt: skip
    lasts = datetime.fromisoformat(told["expiresAt"]) - datetime.now(UTC)  # noqa: TID251  # the server's clock is ours
    assert timedelta(days=6, hours=23) < lasts <= timedelta(days=7)

    async with open_http() as anyone:
        stored = await anyone.get(told["url"])
    assert len(stored.content) == told["sizeBytes"]
    assert stored.headers["content-type"] == "image/jpeg"
    assert opened(stored.content).size == (48, 64)
    assert SECRET not in stored.content
    question = (await wavespeed_control.requests("upload"))[0]["body"]
    assert question["filename"].endswith(".jpg")
    assert "house" not in question["filename"] + told["url"]


async def test_the_names_of_file_and_type_are_not_believed(upload_api: httpx.AsyncClient) -> None:
    webp = await upload(upload_api, saved(drawn(), "WEBP"), "fox.gif")
    page = await upload(upload_api, b"<html><script>alert(1)</script></html>", "fox.jpg")

    assert webp.json()["contentType"] == "image/png"
    assert webp.json()["url"].endswith(".png")
    assert_problem(page, "picture_type")


async def test_a_video_is_stored_as_it_is(upload_api: httpx.AsyncClient) -> None:
    clip = files("promptmill.simulators").joinpath("clip.mp4").read_bytes()

    told = (await upload(upload_api, clip, "clip.jpg")).json()

    assert (told["contentType"], told["width"], told["sizeBytes"]) == ("video/mp4", None, len(clip))
    assert told["url"].endswith(".mp4")
    async with open_http() as anyone:
        assert (await anyone.get(told["url"])).content == clip


@pytest.mark.parametrize(
    ("beginning", "media_type"),
    [
        (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"),
        (b"RIFF\0\0\0\0WAVE", "audio/wav"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"\0\0\0\x18ftypavif", None),
        (b"\0\0\0\x18ftypheic", None),
        (b"\xff\xd8\xff\xe0", None),
        (b"RIFF\0\0\0\0WEBP", None),
        (b"\x1a\x45\xdf\xa3 matroska", None),
        (b"", None),
    ],
)
def test_a_video_or_a_sound_is_told_by_its_content(beginning: bytes, media_type: str | None) -> None:
    assert recording_type(beginning) == media_type


async def test_the_address_is_accepted_for_a_job(upload_api: httpx.AsyncClient) -> None:
    url = (await upload(upload_api)).json()["url"]

    job = {"model": "bytedance/seedream-v4/edit", "prompt": "in snow", "targetUrl": url, "refUrls": [url]}
    answer = await upload_api.post("/api/jobs/create", json=job)

    assert answer.status_code == 202, answer.text


async def test_the_page_is_told_the_limits(upload_api: httpx.AsyncClient) -> None:
    assert (await upload_api.get("/api/init")).json()["uploads"] == {
        "maxBytes": LIMIT,
        "maxPixels": 1_000_000,
        "types": ["image/jpeg", "image/png", "image/webp"],
    }


async def test_the_documentation_shows_the_form(upload_api: httpx.AsyncClient) -> None:
    operation = (await upload_api.get("/openapi.json")).json()["paths"][UPLOADS]["post"]

    form = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert (form["required"], list(form["properties"])) == (["file"], ["file"])
    assert {"201", "408", "413", "415", "422", "429", "502", "503"} <= set(operation["responses"])


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"files": [("file", ("a.jpg", FOX)), ("file", ("b.jpg", FOX))]}, id="two files"),
        pytest.param({"files": {"file": ("a.jpg", FOX)}, "data": {"name": "fox"}}, id="a field more"),
        pytest.param({"files": {"picture": ("a.jpg", FOX)}}, id="another field"),
        pytest.param({"files": {"file": (None, FOX)}}, id="no file"),
        pytest.param({"content": b"", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, id="nothing"),
        pytest.param({}, id="not even a type"),
        pytest.param({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, id="no boundary"),
        pytest.param({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, id="no form"),
    ],
)
async def test_a_form_without_exactly_one_file_is_refused(
    upload_api: httpx.AsyncClient, wavespeed_control: SimulatorControl, form: dict[str, Any]
) -> None:
    assert "exactly one file" in assert_problem(await upload_api.post(UPLOADS, **form), "invalid_form")
    assert await wavespeed_control.requests("upload") == []


async def test_a_form_that_breaks_off_is_refused(upload_api: httpx.AsyncClient) -> None:
    whole = upload_api.build_request("POST", UPLOADS, files={"file": ("a.jpg", FOX)})
    body = whole.read()[:-100]

    answer = await upload_api.post(UPLOADS, content=body, headers={"Content-Type": whole.headers["content-type"]})

    assert_problem(answer, "invalid_form")


async def test_only_this_path_takes_forms_and_it_takes_nothing_else(upload_api: httpx.AsyncClient) -> None:
    answers = [
        await upload_api.post(UPLOADS, json={"url": "https://example.com/fox.jpg"}),
        await upload_api.post(UPLOADS, content=FOX, headers={"Content-Type": "image/jpeg"}),
        await upload_api.post("/api/jobs/create", files={"file": ("a.jpg", FOX)}),
        await upload_api.post(UPLOADS + "/x", files={"file": ("a.jpg", FOX)}),
        await upload_api.put(UPLOADS, files={"file": ("a.jpg", FOX)}),
    ]

    for answer in answers:
        assert_problem(answer, "unsupported_media_type")


async def test_no_other_path_takes_as_much(upload_api: httpx.AsyncClient, upload_settings: Settings) -> None:
    body = b" " * (upload_settings.max_body_bytes + 1)
    answer = await upload_api.post("/api/jobs/create", content=body, headers={"Content-Type": "application/json"})

    assert_problem(answer, "too_large")


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_foreign_page_uploads_nothing(
    upload_api: httpx.AsyncClient, wavespeed_control: SimulatorControl, headers: dict[str, str]
) -> None:
    """Browsers send another site's form without a preflight request."""
    assert_problem(await upload(upload_api, headers=headers), "origin_not_allowed")
    assert await wavespeed_control.requests("upload") == []


async def test_the_last_allowed_byte(upload_api: httpx.AsyncClient) -> None:
    def of_size(size: int) -> bytes:
        return FOX + b"\0" * (size - len(FOX))

    assert (await upload(upload_api, of_size(LIMIT))).status_code == 201
    assert_problem(await upload(upload_api, of_size(LIMIT + 1)), "picture_too_large")


async def offer(client: httpx.AsyncClient, headers: bytes, piece: bytes = b"") -> tuple[bytes, int]:
    """Send a form of a gigabyte; return the API's response, if it arrived, and how much the API let us send."""
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(b"POST /api/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + b"\r\n")
    answer = asyncio.create_task(reader.read())
    sent = 0
    with suppress(ConnectionError):
        while piece and sent < 10**9 and not answer.done():
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    try:
        return await asyncio.wait_for(answer, 60), sent
    except ConnectionError:  # closed while we were writing, which often loses the response
        return b"", sent
    finally:
        writer.close()


FORM_TYPE = b"Content-Type: multipart/form-data; boundary=x\r\n"


async def test_a_length_far_over_the_limit_is_refused_and_nothing_is_read(upload_api: httpx.AsyncClient) -> None:
    answer, _ = await offer(upload_api, FORM_TYPE + b"Content-Length: 1000000000\r\n")

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"picture_too_large" in answer
    assert b"connection: close" in answer.lower()


async def test_a_length_over_the_limit_is_told_so(
    upload_api: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    answer = await upload(upload_api, FOX + b"\0" * (LIMIT + ENVELOPE_BYTES))

    assert_problem(answer, "picture_too_large")
    assert (await upload(upload_api)).status_code == 201
    assert len(await wavespeed_control.requests("upload")) == 1


async def test_a_body_without_length_is_cut_off_at_the_limit(upload_api: httpx.AsyncClient) -> None:
    """A gigabyte is sent; no more is taken than fits into the buffers on the way."""
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"\xff" * 0x8000
    piece = f"{len(form):x}\r\n".encode() + form + b"\r\n"

    _, sent = await offer(upload_api, FORM_TYPE + b"Transfer-Encoding: chunked\r\n", piece)

    assert sent < 50_000_000
    counted = (await upload_api.get("/metrics")).text.splitlines()
    assert [line for line in counted if UPLOADS in line and "413" in line]


async def test_a_body_without_length_is_taken(upload_api: httpx.AsyncClient) -> None:
    whole = upload_api.build_request("POST", UPLOADS, files={"file": ("a.jpg", FOX)})

    async def pieces() -> AsyncIterator[bytes]:
        yield whole.read()

    headers = {"Content-Type": whole.headers["content-type"]}
    assert (await upload_api.post(UPLOADS, content=pieces(), headers=headers)).status_code == 201


async def test_more_uploads_than_places_are_told_to_come_again(
    upload_api: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("upload", "hold", times=4)
    held = [asyncio.create_task(upload(upload_api)) for _ in range(4)]
    await wavespeed_control.wait_held(4)

    fifth = await upload(upload_api)
    await wavespeed_control.release()

    assert_problem(fifth, "too_many_uploads")
    assert int(fifth.headers["retry-after"]) > 0
    assert {answer.status_code for answer in await asyncio.gather(*held)} == {201}
    assert (await upload(upload_api)).status_code == 201


async def test_an_upload_waits_for_a_place(upload_api: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.order("upload", "hold", times=4)
    first = [asyncio.create_task(upload(upload_api)) for _ in range(4)]
    await wavespeed_control.wait_held(4)
    fifth = asyncio.create_task(upload(upload_api))
    await wavespeed_control.release()

    assert {answer.status_code for answer in await asyncio.gather(*first, fifth)} == {201}


async def test_without_a_key_the_setting_is_named(upload_settings: Settings) -> None:
    async with open_api(upload_settings.model_copy(update={"wavespeed_api_key": None})) as client:
        answer = await upload(client, b"is not even read")

    assert "WAVESPEED_API_KEY is not set" in assert_problem(answer, "configuration_error")


@pytest.mark.parametrize(
    ("fault", "code", "told"),
    [
        ({"kind": "status", "status": 401}, "provider_refused", "WAVESPEED_API_KEY"),
        ({"kind": "status", "status": 403}, "provider_refused", "quota"),
        ({"kind": "status", "status": 413}, "provider_refused", "file too large"),
        ({"kind": "status", "status": 400}, "provider_refused", "invalid parameters"),
        ({"kind": "status", "status": 200, "code": 403}, "provider_refused", "quota"),
        ({"kind": "status", "status": 429}, "provider_rate_limited", "slow down"),
        ({"kind": "status", "status": 500}, "provider_unavailable", "500"),
        ({"kind": "html", "status": 502}, "provider_unavailable", "502"),
        ({"kind": "not_json", "status": 200}, "provider_answer_unusable", "ticket"),
        ({"kind": "empty", "status": 200}, "provider_answer_unusable", "ticket"),
        ({"kind": "cut"}, "provider_unavailable", "is unreachable"),
        ({"kind": "reset"}, "provider_unavailable", "is unreachable"),
        ({"kind": "cut_body"}, "provider_unavailable", "is unreachable"),
        ({"kind": "expired"}, "provider_unavailable", "responded 403"),
    ],
)
async def test_what_wavespeed_does_instead_is_told(
    upload_api: httpx.AsyncClient,
    wavespeed_control: SimulatorControl,
    account: str,
    fault: dict[str, Any],
    code: str,
    told: str,
) -> None:
    await wavespeed_control.order("upload", **fault)

    answer = await upload(upload_api)

    assert told in assert_problem(answer, code)
    assert account not in answer.text
    assert "/upload/" not in answer.text
    assert len(await wavespeed_control.requests("upload")) == 1, "it is tried once"


async def test_a_rejected_key_is_told(upload_settings: Settings) -> None:
    async with open_api(upload_settings.model_copy(update={"wavespeed_api_key": SecretStr("bad-s3cret")})) as client:
        answer = await upload(client)

    assert "WAVESPEED_API_KEY" in assert_problem(answer, "provider_refused")
    assert "s3cret" not in answer.text
