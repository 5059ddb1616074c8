"""Grok's simulator: completions, their price, and what it refuses."""

from __future__ import annotations

import base64
import io
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.simulator_control import SimulatorControl
from tests.support import open_http

CHAT = "/v1/chat/completions"
PLAIN = "grok-4.20-0309-non-reasoning"
REASONING = "grok-4.3"


def question(model: str = PLAIN, *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": "Instructions: a red fox in snow."}, *parts]
    messages = [{"role": "system", "content": "Write prompts."}, {"role": "user", "content": content}]
    return {"model": model, "messages": messages, **more}


def picture(size: tuple[int, int] = (64, 64), file_format: str = "PNG", named: str | None = None) -> dict[str, Any]:
    file = io.BytesIO()
    Image.new("RGB", size).save(file, file_format)
    data = base64.b64encode(file.getvalue()).decode()
    return from_address(f"data:image/{named or file_format.lower()};base64,{data}")


def from_address(address: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": address}}


async def test_answer_follows_the_schema_and_the_instructions(grok_http: httpx.AsyncClient) -> None:
    schema = {
        "type": "object",
        "properties": {"prompt": {"type": "string"}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}}},
    }
    asked = question(response_format={"type": "json_schema", "json_schema": {"name": "p", "schema": schema}})

    answers = [(await grok_http.post(CHAT, json=asked)).json() for _ in range(2)]

    contents = [answer["choices"][0]["message"]["content"] for answer in answers]
    written = json.loads(contents[0])
    assert contents[0] == contents[1]
    assert answers[0]["id"] != answers[1]["id"]
    assert written["prompt"].startswith("A red fox in snow. ")
    assert "Instructions" not in written["prompt"]
    assert written["tags"] == ["a"]


async def test_pictures_change_the_prompt(grok_http: httpx.AsyncClient) -> None:
    async def written(*parts: dict[str, Any]) -> str:
        answer = (await grok_http.post(CHAT, json=question(PLAIN, *parts))).json()
        content: str = answer["choices"][0]["message"]["content"]
        return content

    assert "target picture" not in await written()
    assert "target picture" in await written(picture())
    assert "style from the reference" in await written(picture(), picture(), picture())


@pytest.mark.parametrize(
    ("model", "more", "prices", "reasoning"),
    [
        (PLAIN, {}, (Decimal("1.25"), Decimal("2.50")), 0),
        (REASONING, {}, (Decimal("1.25"), Decimal("2.50")), 94),
        (REASONING, {"reasoning_effort": "none"}, (Decimal("1.25"), Decimal("2.50")), 0),
        ("grok-4.7", {"reasoning_effort": "xhigh"}, (Decimal(2), Decimal(6)), 94),
    ],
)
async def test_cost_follows_from_the_price_list(
    grok_http: httpx.AsyncClient,
    grok_control: SimulatorControl,
    model: str,
    more: dict[str, Any],
    prices: tuple[Decimal, Decimal],
    reasoning: int,
) -> None:
    """Reasoning is not part of completion_tokens, but of the total and the cost; 1e10 ticks are one dollar."""
    usage = (await grok_http.post(CHAT, json=question(model, picture(), **more))).json()["usage"]

    output = usage["completion_tokens"] + usage["completion_tokens_details"]["reasoning_tokens"]
    usd = (usage["prompt_tokens"] * prices[0] + output * prices[1]) / 1_000_000
    assert usage["completion_tokens_details"]["reasoning_tokens"] == reasoning
    assert usage["total_tokens"] == usage["prompt_tokens"] + output
    assert usage["prompt_tokens_details"]["image_tokens"] == 256
    assert Decimal(usage["cost_in_usd_ticks"]) / 10**10 == usd
    assert [Decimal(charge["usd"]) for charge in await grok_control.charges()] == [usd]


@pytest.mark.parametrize(
    ("alias", "name"),
    [("grok-latest", "grok-4.3"), ("grok-4.20", "grok-4.20-0309-reasoning"), ("grok-build-latest", "grok-4.5")],
)
async def test_alias_answers_with_the_resolved_name(grok_http: httpx.AsyncClient, alias: str, name: str) -> None:
    assert (await grok_http.post(CHAT, json=question(alias))).json()["model"] == name


@pytest.mark.parametrize("model", ["grok-4-0709", "grok-3", "grok-2-vision-1212", "nothing"])
async def test_retired_and_unknown_models_are_404(grok_http: httpx.AsyncClient, model: str) -> None:
    answer = await grok_http.post(CHAT, json=question(model))

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert f"The model {model} does not exist" in answer.json()["error"]


@pytest.mark.parametrize(
    ("key", "status", "words"),
    [
        (None, 401, "No API key"),
        ("bad-key", 400, "Incorrect API key provided"),
        ("blocked-key", 403, "blocked"),
        ("poor-key", 429, "used all available credits"),
    ],
)
async def test_key_must_be_good(grok_control: SimulatorControl, key: str | None, status: int, words: str) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with open_http(grok_control.url, headers=headers) as client:
        answer = await client.post(CHAT, json=question())

    assert answer.status_code == status
    assert words in answer.json()["error"]


@pytest.mark.parametrize(("key", "flags"), [("good-key", {False}), ("blocked-key", {True})])
async def test_api_key_tells_whether_it_is_blocked(grok_control: SimulatorControl, key: str, flags: set[bool]) -> None:
    async with httpx.AsyncClient(
        base_url=grok_control.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ) as client:
        answer = await client.get("/v1/api-key")

    assert answer.status_code == 200
    assert {answer.json()["api_key_blocked"], answer.json()["api_key_disabled"]} == flags
    assert key not in answer.text


@pytest.mark.parametrize(
    "part",
    [picture(), picture(file_format="JPEG"), from_address("https://example.com/a.png"), picture((8, 64))],
    ids=["png", "jpeg", "address", "just large enough"],
)
async def test_good_pictures_are_taken(grok_http: httpx.AsyncClient, part: dict[str, Any]) -> None:
    assert (await grok_http.post(CHAT, json=question(PLAIN, part))).status_code == 200


@pytest.mark.parametrize(
    "part",
    [
        picture(file_format="WEBP"),
        picture(file_format="WEBP", named="png"),
        picture((7, 100)),
        picture((20, 20)),
        from_address("data:image/png;base64,!!!"),
        from_address("file:///picture.png"),
        {"type": "image_url"},
    ],
    ids=["webp", "webp called png", "too narrow", "too few pixels", "not base64", "no web address", "no address"],
)
async def test_bad_pictures_are_refused(
    grok_http: httpx.AsyncClient, grok_control: SimulatorControl, part: dict[str, Any]
) -> None:
    answer = await grok_http.post(CHAT, json=question(PLAIN, part))

    assert answer.status_code == 400
    assert await grok_control.charges() == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (question(REASONING, stop=["x"]), 400),
        (question(REASONING, presence_penalty=1), 400),
        (question(REASONING, reasoning_effort="xhigh"), 400),
        (question(PLAIN, reasoning_effort="low"), 400),
        (question(search_parameters={"mode": "auto"}), 410),
        (question(deferred=True), 501),
        (question(stream=True), 501),
        (question(tools=[{"type": "function"}]), 501),
        ({"model": PLAIN}, 422),
        ({"model": PLAIN, "messages": []}, 422),
        ({"model": PLAIN, "messages": [{"role": "nobody", "content": "x"}]}, 422),
        ([], 422),
    ],
)
async def test_what_the_model_does_not_take_is_refused(
    grok_http: httpx.AsyncClient, grok_control: SimulatorControl, asked: Any, status: int
) -> None:
    answer = await grok_http.post(CHAT, json=asked)

    assert answer.status_code == status
    assert await grok_control.charges() == []


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [(b"", "application/json", 415), (b"{}", "text/plain", 415), (b"{", "application/json", 422)],
)
async def test_unreadable_question_is_refused(
    grok_http: httpx.AsyncClient, content: bytes, content_type: str, status: int
) -> None:
    answer = await grok_http.post(CHAT, content=content, headers={"Content-Type": content_type})

    assert answer.status_code == status


async def test_language_models_tell_prices_and_modalities(grok_http: httpx.AsyncClient) -> None:
    listed = (await grok_http.get("/v1/language-models")).json()["models"]
    one = (await grok_http.get("/v1/language-models/grok-latest")).json()

    assert one in listed
    assert (one["id"], one["prompt_text_token_price"], "image" in one["input_modalities"]) == (REASONING, 12500, True)
    assert (await grok_http.get("/v1/language-models/nothing")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/responses"), ("GET", "/v1/chat/deferred-completion/1"), ("POST", "/v1/batches")],
)
async def test_what_nobody_calls_is_501(grok_http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await grok_http.request(method, path, json={})

    assert (answer.status_code, answer.json()["code"]) == (501, "unimplemented")


async def test_wrong_path_is_a_plain_404(grok_http: httpx.AsyncClient) -> None:
    answer = await grok_http.get("/v1/nothing")

    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, "text/plain")


async def test_completion_takes_the_time_that_was_set(
    grok_http: httpx.AsyncClient, grok_control: SimulatorControl
) -> None:
    await grok_control.set_timing(min_seconds=0.3, max_seconds=0.3)

    answer = await grok_http.post(CHAT, json=question())

    assert answer.elapsed.total_seconds() >= 0.3


async def test_recorded_question_keeps_only_the_beginning_of_a_picture(
    grok_http: httpx.AsyncClient, grok_control: SimulatorControl
) -> None:
    part = picture((400, 400), "JPEG")
    await grok_http.post(CHAT, json=question(PLAIN, part))

    recorded = (await grok_control.requests("chat"))[0]

    shown = recorded["body"]["messages"][1]["content"][1]["image_url"]["url"]
    assert shown.startswith("data:image/jpeg;base64,")
    assert len(shown) < 200 < len(part["image_url"]["url"])
    assert (recorded["number"], recorded["path"], recorded["status"]) == (1, CHAT, 200)
