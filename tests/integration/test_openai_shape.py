"""OpenAI's own clients, unchanged, make pictures here; each is an ordinary job and is paid once.

The package is imported by a fixture: that takes half a second of CPU time, and every session collects this file.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from api.openai import answering
from promptmill.config.openai import ModelAlias
from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.contracts.store import JobFilter
from promptmill.store import Store
from sql.models import Job
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import stored, storing
from tests.fixtures.session import ROOT
from tests.markdown import MarkdownPage
from tests.node import NODE
from tests.pictures import drawn, saved
from tests.support import eventually, open_http

ALIASES = (ModelAlias("gpt-image-1", "bytedance/seedream-v4", "bytedance/seedream-v4/edit"),)
FOX = saved(drawn(), "PNG")
GENERATIONS = "/v1/images/generations"
PLAIN = {"model": "wavespeed-ai/flux-dev", "prompt": "a lighthouse"}


@pytest.fixture(scope="module")
def openai() -> Any:
    import openai  # noqa: PLC0415

    return openai


@pytest.fixture
def shaped(settings: Settings) -> Settings:
    """Settings of an installation that speaks OpenAI's language, with patience for a slow machine."""
    return settings.model_copy(update={"openai_api": True, "openai_models": ALIASES, "sync_seconds": 120})


Open = Callable[..., Any]


@pytest.fixture
async def member(store: Store) -> str:
    return await make_key(store, "member")


@pytest.fixture
def opened(openai: Any, shaped: Settings, member: str) -> Open:
    """Serve the API and return OpenAI's client for it, and a plain one, both with a key."""

    @asynccontextmanager
    async def _open(*, retries: int = 0, **changed: Any) -> AsyncIterator[Any]:
        async with (
            open_api(shaped.model_copy(update=changed)) as api,
            openai.AsyncOpenAI(api_key=member, base_url=f"{api.base_url}/v1", max_retries=retries) as client,
        ):
            api.headers.update(bearer(member))
            yield client, api

    return _open


async def jobs(mill: Mill) -> list[Job]:
    return await mill.store.jobs.list(LOCAL_OWNER, JobFilter())


def size_of(picture: Any) -> tuple[int, int]:
    with Image.open(io.BytesIO(base64.b64decode(picture.b64_json))) as opened:
        return opened.size


async def test_openai_client_makes_and_changes_pictures(mill: Mill, opened: Open) -> None:
    async with opened() as (client, _):
        listed = [model.id async for model in client.models.list()]
        shown = await client.models.retrieve("wavespeed-ai/flux-dev")
        # As Open WebUI and LibreChat send it, with what they always add.
        made = await client.images.generate(
            model="gpt-image-1", prompt="a red fox", n=2, size="2048x2048", quality="auto", background="auto",
            output_format="png", moderation="auto", user="ann",
        )  # fmt: skip
        both = await client.images.generate(
            model="wavespeed-ai/flux-dev", prompt="a lighthouse", n=2, size="512x768", response_format="url",
            extra_body={"seed": 7},
        )  # fmt: skip
        edited = await client.images.edit(
            model="wavespeed-ai/flux-dev", prompt="at night", image=("fox.png", FOX), mask=("mask.png", hole()),
        )  # fmt: skip

    assert listed[0] == "gpt-image-1"
    assert "bytedance/seedream-v4" in listed
    assert not any("video" in name for name in listed)
    assert (shown.id, shown.owned_by) == ("wavespeed-ai/flux-dev", "wavespeed-ai")
    assert [size_of(picture) for picture in made.data] == [(2048, 2048)] * 2
    bodies = [request["body"] for request in await mill.wavespeed.requests("submit")]
    assert [body["prompt"] for body in bodies] == ["a red fox", "a red fox", "a lighthouse", "at night"]
    assert (bodies[2]["num_images"], bodies[2]["size"], bodies[2]["seed"]) == (2, "512*768", 7)
    assert len({picture.url for picture in both.data}) == 2
    assert edited.data[0].url
    async with open_http() as http:
        mask = Image.open(io.BytesIO((await http.get(bodies[3]["mask_image"])).content))
        assert [mask.getpixel(at) for at in ((0, 0), (mask.width - 1, 0))] == [255, 0]
    rows = await jobs(mill)
    assert {row.caller_metadata.get("openaiUser") for row in rows} == {"ann", None}
    assert all(row.key_id for row in rows)
    assert len(await mill.wavespeed.charges()) == len(rows) == 4


def hole() -> bytes:
    """A mask as OpenAI has it: transparent, at the left, where the picture may change."""
    mask = Image.new("RGBA", drawn().size, (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, mask.width // 2, mask.height))
    return saved(mask, "PNG")


async def test_stored_picture_is_returned_by_its_signed_address(
    idle_mill: Mill, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with storing(idle_mill, tmp_path) as mill, opened(outputs=str(tmp_path)) as (client, api):
        await client.images.generate(**PLAIN)
        [job] = await jobs(mill)
        [copy] = await stored(mill, job.id)
        again = await client.images.generate(**PLAIN)
        as_text = await client.images.generate(
            **PLAIN, extra_headers={"Idempotency-Key": "another"}, response_format="b64_json"
        )
        file = await api.get(again.data[0].url)
        monkeypatch.setattr(answering, "READ_BYTES", 100)
        too_large = await api.post(GENERATIONS, json=PLAIN | {"response_format": "b64_json", "seed": 3})

        assert again.data[0].url.startswith(f"{api.base_url}/shared/")
        assert file.content == (tmp_path / copy.path).read_bytes()
        assert size_of(as_text.data[0]) == (copy.width, copy.height)
        assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "pictures_too_large")
        assert too_large.headers["x-should-retry"] == "false"
        assert too_large.headers["promptmill-jobs"]


async def test_repeated_request_finds_its_job(mill: Mill, opened: Open) -> None:
    async with opened() as (client, api):
        first = await client.images.generate(**PLAIN)
        again = await client.images.generate(**PLAIN)
        other = await client.images.generate(**PLAIN | {"prompt": "another"})
        keyed = [await client.images.generate(**PLAIN, n=2, extra_headers={"Idempotency-Key": "k"}) for _ in range(2)]
        reused = await api.post(GENERATIONS, json=PLAIN, headers={"Idempotency-Key": "k"})
        assert first.data == again.data != other.data
        assert keyed[0].data == keyed[1].data
        assert (reused.status_code, reused.json()["error"]["code"]) == (422, "idempotency_key_reused")
        assert len(await jobs(mill)) == 3

        # A minute later the same words are a wish for another picture, however many times it was wished before.
        for expected in (4, 5):
            await mill.sql("UPDATE jobs SET completed_at = completed_at - interval '61 seconds'")
            later = await asyncio.gather(*(client.images.generate(**PLAIN) for _ in range(3)))
            assert len(await jobs(mill)) == expected
            assert later[0].data == later[1].data == later[2].data != first.data
        await mill.sql("UPDATE jobs SET completed_at = completed_at - interval '61 seconds', metadata = '{}'")
        await client.images.generate(**PLAIN)
        assert len(await mill.wavespeed.charges()) == 6

        # Of several jobs the last to end counts: the others may have ended long before.
        for ended_long_ago in (0, 1):
            pair = {"model": "gpt-image-1", "prompt": f"pair {ended_long_ago}", "n": 2, "response_format": "url"}
            both = await client.images.generate(**pair)
            newest = "SELECT id FROM jobs ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET"
            older = f"WHERE id = ({newest} {1 - ended_long_ago})"
            await mill.sql(f"UPDATE jobs SET completed_at = completed_at - interval '61 seconds' {older}")
            assert (await client.images.generate(**pair)).data == both.data
        # A person's retry stands for what it repeats.
        _, first, *_ = await jobs(mill)
        assert (await api.post(f"/api/jobs/{first.id}/retry")).is_success
        await client.images.generate(**pair)
    assert len(await mill.wavespeed.charges()) == 11


async def test_client_that_waits_too_long_is_told_of_the_job_and_finds_it(
    idle_mill: Mill, openai: Any, opened: Open
) -> None:
    async with opened(retries=1, sync_seconds=0.2) as (client, _):
        with pytest.raises(openai.InternalServerError) as late:
            await client.images.generate(**PLAIN)
        [job] = await jobs(idle_mill)
        assert late.value.status_code == 504
        assert late.value.code == "job_not_finished"
        assert str(job.id) in late.value.message
        assert late.value.response.headers["promptmill-jobs"] == str(job.id)
    async with idle_mill.worker(), opened() as (client, _):
        found = await client.images.generate(**PLAIN)
    assert found.data[0].url
    assert len(await jobs(idle_mill)) == 1


async def test_client_that_leaves_leaves_its_job(idle_mill: Mill, opened: Open) -> None:
    async with opened() as (_, api):
        with pytest.raises(httpx.ReadTimeout):
            await api.post(GENERATIONS, json=PLAIN, timeout=0.5)
        [job] = await eventually(lambda: jobs(idle_mill), what="the job")
        async with idle_mill.worker():
            answers = await asyncio.gather(*(api.post(GENERATIONS, json=PLAIN) for _ in range(2)))
        assert [answer.headers["promptmill-jobs"] for answer in answers] == [str(job.id)] * 2
    assert [row.status for row in await jobs(idle_mill)] == ["completed"]


async def test_failed_job_is_an_error_that_nobody_repeats(mill: Mill, openai: Any, opened: Open) -> None:
    await mill.wavespeed.order("submit", "ending", word="failed", code=1200, message="Flagged.")
    async with opened(retries=2) as (client, _):
        with pytest.raises(openai.InternalServerError) as failed:
            await client.images.generate(**PLAIN)
    [job] = await jobs(mill)
    assert (failed.value.status_code, failed.value.code) == (502, "job_failed")
    assert str(job.id) in failed.value.message
    assert job.error is not None
    assert len(await mill.wavespeed.requests("submit")) == 1


WRONG: list[tuple[dict[str, Any], int, str, str, str]] = [
    ({"model": "gpt-image-2"}, 404, "unknown_model", "model", "Did you mean gpt-image-1?"),
    ({"model": "wavespeed-ai/flux-de"}, 404, "unknown_model", "model", "Did you mean wavespeed-ai/flux-dev?"),
    ({"model": "kwaivgi/kling-v3.0-pro/image-to-video"}, 422, "invalid_request", "model", "makes video"),
    ({"quality": "hd"}, 422, "invalid_request", "quality", "leave it out"),
    ({"background": "transparent"}, 422, "invalid_request", "background", "leave it out"),
    ({"output_format": "tiff"}, 422, "invalid_request", "output_format", "png"),
    ({"stream": True}, 422, "invalid_request", "stream", "leave it out"),
    ({"size": "huge"}, 422, "invalid_request", "size", "1024x1024"),
    ({"size": "64x64"}, 422, "invalid_request", "size", "at least 256"),
    ({"model": "google/nano-banana-pro/text-to-image", "size": "00x00"}, 422, "invalid_request", "size", "1024x1024"),
    ({"model": "google/nano-banana-pro/text-to-image", "size": "0100x00"}, 422, "invalid_request", "size", "1024x1024"),
    ({"sead": 3}, 422, "invalid_request", "sead", "Did you mean seed?"),
    ({"num_images": 3}, 422, "invalid_request", "num_images", "`n`"),
    ({"n": 11}, 422, "invalid_request", "n", "less than or equal to 10"),
    ({"prompt": " "}, 422, "invalid_request", "prompt", "Required"),
    ({"image": "http://169.254.169.254/x"}, 422, "invalid_request", "image", "URL"),
    ({"webhook": "https://example.com"}, 422, "invalid_request", "webhook", ""),
]


async def test_what_cannot_be_done_is_refused_in_openais_form(
    idle_mill: Mill, opened: Open, openai: Any, member: str
) -> None:
    async with opened(max_body_bytes=2048, allow_private_addresses=False) as (client, api):
        for changed, status, code, param, words in WRONG:
            answer = await api.post(GENERATIONS, json=PLAIN | changed)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["param"]) == (status, code, param), changed
            assert words in error["message"], changed
            assert set(error) == {"message", "type", "param", "code"}
        with pytest.raises(openai.UnprocessableEntityError, match="takes no mask"):
            await client.images.edit(
                model="gpt-image-1", prompt="x", image=[("a.png", FOX), ("b.png", FOX)], mask=("m.png", FOX)
            )
        with pytest.raises(openai.UnprocessableEntityError, match="the picture to change as a file"):
            await client.images.edit(model="gpt-image-1", prompt="x", image=[])
        broken = await api.post(GENERATIONS, content=b"{", headers={"Content-Type": "application/json"})
        long = await api.post(GENERATIONS, json=PLAIN | {"prompt": "x" * 3000})
        nowhere = await api.get("/v1/chat/completions")
        wrong_way = await api.get(GENERATIONS)
        elsewhere = await api.post(GENERATIONS, json=PLAIN, headers={"Origin": "https://evil.example"})
        read = await api.get("/v1/models", headers={"Sec-Fetch-Site": "same-site"})
        text = await api.post(GENERATIONS, content=b"x", headers={"Content-Type": "text/plain"})
    async with opened(openai_api=False) as (_, api):
        off = await api.get("/v1/models")
    answers = (broken, long, nowhere, wrong_way, elsewhere, read, text, off)
    assert [answer.status_code for answer in answers] == [422, 413, 404, 405, 403, 403, 415, 404]
    assert all(answer.json()["error"]["code"] for answer in answers)
    assert "PROMPTMILL_OPENAI_API" in off.json()["error"]["message"]
    assert await jobs(idle_mill) == []


async def test_keys_and_limits_hold(idle_mill: Mill, opened: Open, openai: Any) -> None:
    viewer = await make_key(idle_mill.store, "viewer")
    async with opened(requests_per_minute=3, streams_per_owner=1, sync_seconds=0.2) as (client, api):
        async with open_http(f"{api.base_url}") as stranger:
            nobody = await stranger.post(GENERATIONS, json=PLAIN)
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="pm_wrong").models.list()
        with pytest.raises(openai.PermissionDeniedError):
            await client.with_options(api_key=viewer).images.generate(**PLAIN)
        await client.with_options(api_key=viewer).models.list()
        at_once = await asyncio.gather(*(api.post(GENERATIONS, json=PLAIN) for _ in range(2)))
        with pytest.raises(openai.APIStatusError):
            await client.images.generate(**PLAIN)
        with pytest.raises(openai.RateLimitError) as limited:
            await client.images.generate(**PLAIN)
    assert (nobody.status_code, nobody.json()["error"]["type"]) == (401, "authentication_error")
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert sorted(answer.status_code for answer in at_once) == [429, 504]
    assert (limited.value.code, limited.value.type) == ("rate_limited", "rate_limit_error")
    assert int(limited.value.response.headers["retry-after"]) > 0
    assert len(await jobs(idle_mill)) == 1


BLOCKS = {block.info: block.code for block in MarkdownPage.of(ROOT / "docs" / "openai.md").blocks}


async def test_examples_of_the_page_run_as_written(
    mill: Mill, opened: Open, openai: Any, member: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Python, with curl, and with the package for Node."""
    monkeypatch.setenv("PROMPTMILL_API_KEY", member)
    monkeypatch.chdir(tmp_path)
    aliases = dict(line.split("=", 1) for line in BLOCKS["text"].split())["PROMPTMILL_OPENAI_MODELS"]
    named = load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_OPENAI_MODELS": aliases}).openai_models
    assert [alias.name for alias in named] == ["gpt-image-1", "dall-e-3"]
    async with opened(openai_models=named) as (_, api):
        at = {info: code.replace("http://127.0.0.1:3000", f"{api.base_url}") for info, code in BLOCKS.items()}
        script = ROOT / "node_modules" / f"{tmp_path.name}.mjs"  # packages are looked for beside it
        script.write_text(at["js make"])
        try:
            told = await asyncio.gather(
                asyncio.to_thread(run, ["sh", "-ec", at["sh curl"]]),
                asyncio.to_thread(run, [NODE, str(script)]),
                asyncio.to_thread(exec, at["python make"], {}),
                asyncio.to_thread(exec, at["python again"], {}),
            )
        finally:
            script.unlink()
        wrong = await api.post(GENERATIONS, json=PLAIN | {"size": "64x64"})
    assert json.loads(told[0])["data"][0]["url"]
    assert len(set(told[1].split())) == 2
    with Image.open(tmp_path / "fox.png") as fox:
        assert fox.size == (1024, 1024)
    assert wrong.json() == json.loads(BLOCKS["json"])
    assert len(await jobs(mill)) == 6


def run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def test_every_block_of_the_page_is_run() -> None:
    assert set(BLOCKS) == {"text", "sh curl", "python make", "python again", "js make", "json"}
