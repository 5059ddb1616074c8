"""Grok's client against servers that respond well, badly or not at all."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from math import inf
from typing import Any

import pytest
from pydantic import SecretStr

from promptmill.contracts.errors import (
    ConfigurationError,
    ProviderAnswerUnusable,
    ProviderError,
    ProviderModelUnavailable,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from promptmill.contracts.reasons import ReasonCode
from promptmill.local.ports import free_port
from promptmill.providers.grok.client import GrokClient, GrokQuestion, open_grok
from tests.raw_server import Conduct, RawServer, cut_short, http_answer, open_raw_server
from tests.support import eventually

KEY = "xai-very-secret-key-0123456789"
QUESTION = GrokQuestion(
    model="grok-4.20-0309-non-reasoning",
    system="You write prompts.",
    text="A fox in the snow.",
    picture_urls=("https://pictures.example/reference.png", "https://pictures.example/target.png"),
)
USAGE = {
    "prompt_tokens": 32,
    "completion_tokens": 9,
    "total_tokens": 135,
    "completion_tokens_details": {"reasoning_tokens": 94},
    "cost_in_usd_ticks": 37_756_000,
}


def completion(content: Any = '{"prompt": "A red fox."}', finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "object": "chat.completion",
        "model": "grok-4.20-0309-non-reasoning",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        ],
        "usage": USAGE,
    }


@asynccontextmanager
async def asking(
    *answers: bytes | Conduct, key: str | None = KEY, timeout_seconds: float = 60
) -> AsyncIterator[tuple[GrokClient, RawServer]]:
    secret = SecretStr(key) if key is not None else None
    async with (
        open_raw_server(*answers) as server,
        open_grok(server.url, secret, timeout_seconds=timeout_seconds) as grok,
    ):
        yield grok, server


async def failure_of(answer: bytes | Conduct, **options: Any) -> ProviderError:
    """Ask once and return the resulting error."""
    async with asking(answer, **options) as (grok, server):
        with pytest.raises(ProviderError) as raised:
            await grok.write(QUESTION)
    assert server.requests == 1
    assert KEY not in str(raised.value)
    return raised.value


async def test_a_question_is_one_system_and_one_user_message_with_pictures_last() -> None:
    async with asking(http_answer(200, completion())) as (grok, server):
        await grok.write(QUESTION)

    body = server.body
    assert server.received.startswith(b"POST /v1/chat/completions ")
    assert f"Bearer {KEY}".encode() in server.received
    assert body["model"] == QUESTION.model
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][0]["content"] == QUESTION.system
    assert body["messages"][1]["content"] == [
        {"type": "text", "text": QUESTION.text},
        {"type": "image_url", "image_url": {"url": "https://pictures.example/reference.png"}},
        {"type": "image_url", "image_url": {"url": "https://pictures.example/target.png"}},
    ]
    assert body["response_format"]["json_schema"]["strict"] is True
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["required"] == ["prompt"]
    assert schema["properties"].keys() == {"prompt", "refusal"}
    assert "reasoning_effort" not in body


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("grok-4.3", "none"),
        ("grok-4.3-latest", "none"),
        ("grok-4.20-non-reasoning", None),
        ("grok-4.7", None),
        ("grok-4.30", None),
    ],
)
async def test_reasoning_is_switched_off_where_it_is_the_default_and_can_be(model: str, effort: str | None) -> None:
    async with asking(http_answer(200, completion())) as (grok, server):
        await grok.write(QUESTION.model_copy(update={"model": model}))

    assert server.body.get("reasoning_effort") == effort


async def test_an_answer_brings_prompt_model_tokens_and_cost() -> None:
    """Reasoning is not part of `completion_tokens` and is billed as output."""
    async with asking(http_answer(200, completion())) as (grok, _):
        answer = await grok.write(QUESTION)

    assert answer.prompt == "A red fox."
    assert answer.model == "grok-4.20-0309-non-reasoning"
    assert (answer.input_tokens, answer.output_tokens) == (32, 103)
    assert answer.cost_usd == Decimal("0.0037756")


async def test_several_prompts_are_asked_for_at_once_and_each_counts_once() -> None:
    several = QUESTION.model_copy(update={"variants": 3, "negative": True})
    listed = [
        {"prompt": " A red fox. ", "negativePrompt": "blur"},
        {"prompt": "a  red FOX.", "negativePrompt": "fog"},
        {"prompt": "", "negativePrompt": "blur"},
        {"prompt": "x" * 10_001},
        {"prompt": 5},
        "A fox.",
        {"prompt": "I'm sorry, but I can't assist with that."},
        {"prompt": "A fox at dusk.", "negativePrompt": None},
    ]
    async with asking(http_answer(200, completion(json.dumps({"prompts": listed})))) as (grok, server):
        answer = await grok.write(several)

    assert [(one.prompt, one.negative_prompt) for one in answer.variants] == [
        ("A red fox.", "blur"),
        ("A fox at dusk.", None),
    ]
    assert answer.prompt == "A red fox."
    schema = server.body["response_format"]["json_schema"]["schema"]
    assert (schema["required"], schema["properties"]["prompts"]["minItems"]) == (["prompts"], 3)
    assert schema["properties"]["prompts"]["items"]["required"] == ["prompt", "negativePrompt"]


async def test_more_prompts_than_were_asked_for_are_cut() -> None:
    listed = [{"prompt": f"Fox {number}."} for number in range(9)]
    async with asking(http_answer(200, completion(json.dumps({"prompts": listed})))) as (grok, _):
        answer = await grok.write(QUESTION.model_copy(update={"variants": 2}))

    assert [one.prompt for one in answer.variants] == ["Fox 0.", "Fox 1."]


async def test_the_most_and_longest_prompts_are_read_even_escaped() -> None:
    listed = [
        {"prompt": f"{number}" + "\N{FOX FACE}" * 9_999, "negativePrompt": "\N{FOX FACE}" * 10_000}
        for number in range(6)
    ]
    several = QUESTION.model_copy(update={"variants": 6, "negative": True})
    async with asking(http_answer(200, completion(json.dumps({"prompts": listed})))) as (grok, _):
        answer = await grok.write(several)

    assert [one.prompt for one in answer.variants] == [one["prompt"] for one in listed]


@pytest.mark.parametrize("listed", [[], {}, [{"prompt": " "}], None])
async def test_an_answer_without_a_valid_prompt_says_that_it_was_paid(listed: Any) -> None:
    error = await failure_of(http_answer(200, completion(json.dumps({"prompts": listed}))))

    assert isinstance(error, ProviderAnswerUnusable)
    assert str(error) == "Grok's response contains no valid prompt, and xAI has charged for it."
    assert error.usage is not None
    assert error.usage.cost_usd == Decimal("0.0037756")


async def test_an_answer_without_usage_costs_an_unknown_amount() -> None:
    body = completion()
    del body["usage"], body["model"]

    async with asking(http_answer(200, body)) as (grok, _):
        answer = await grok.write(QUESTION)

    assert (answer.model, answer.input_tokens, answer.output_tokens, answer.cost_usd) == (
        QUESTION.model,
        None,
        None,
        None,
    )


def flat(code: str, error: str) -> dict[str, Any]:
    return {"code": code, "error": error}


def nested(code: str, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


BAD_KEY = "Incorrect API key provided: xa***gA. You can obtain an API key from https://console.x.ai."
NO_CREDIT = "Your team 7 has either used all available credits or reached its monthly spending limit."
UNSAFE = "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"
NO_MODEL = "The model grok-2 does not exist or your team 7 does not have access to it."

REFUSED = [
    (400, "invalid-argument", BAD_KEY, ReasonCode.GROK_BAD_KEY),
    (401, "unauthenticated:bad-credentials", "", ReasonCode.GROK_BAD_KEY),
    (403, "permission-denied", "Your API key is blocked.", ReasonCode.GROK_BAD_KEY),
    (403, "permission-denied", UNSAFE, ReasonCode.GROK_REFUSED),
    (400, "invalid-argument", UNSAFE, ReasonCode.GROK_REFUSED),
    (429, "Some resource has been exhausted", NO_CREDIT, ReasonCode.GROK_NO_CREDIT),
    (403, "permission-denied", "Your newly created team doesn't have any credits yet.", ReasonCode.GROK_NO_CREDIT),
    (402, "payment", "pay", ReasonCode.GROK_NO_CREDIT),
    (413, "too-large", "", ReasonCode.GROK_TOO_LONG),
    (400, "invalid-argument", "This model's maximum prompt length is 131072", ReasonCode.GROK_TOO_LONG),
    (400, "invalid-argument", "prompt is too long", ReasonCode.GROK_TOO_LONG),
    (400, "invalid-argument", "Failed to download the image", ReasonCode.GROK_BAD_PICTURE),
    (422, "invalid_image", "no", ReasonCode.GROK_BAD_PICTURE),
    (500, "invalid_image", "Could not process image", ReasonCode.GROK_BAD_PICTURE),
    (404, "not-found", "Fetching image failed with HTTP status 404", ReasonCode.GROK_BAD_PICTURE),
    (401, "", "Fetching image failed with HTTP status 401", ReasonCode.GROK_BAD_PICTURE),
    (503, "", "Could not download the picture from image_url: timed out", ReasonCode.GROK_BAD_PICTURE),
    (412, "", "The image cannot be retrieved.", ReasonCode.GROK_BAD_PICTURE),
    (405, "", "method", ReasonCode.GROK_BAD_REQUEST),
    (415, "", "Expected request with `Content-Type: application/json`", ReasonCode.GROK_BAD_REQUEST),
    (422, "", "Failed to deserialize the JSON body", ReasonCode.GROK_BAD_REQUEST),
]


@pytest.mark.parametrize("shape", [flat, nested])
@pytest.mark.parametrize(("status", "code", "words", "reason"), REFUSED)
async def test_a_refusal_is_told_by_words_and_status_in_both_shapes(
    status: int, code: str, words: str, reason: ReasonCode, shape: Any
) -> None:
    error = await failure_of(http_answer(status, shape(code, words)))

    assert type(error) is ProviderRefused
    assert error.reason_code is reason
    assert words in str(error)


NEXT_MODEL = [
    (404, NO_MODEL, ReasonCode.GROK_UNKNOWN_MODEL),
    (400, "Model not found: grok-2", ReasonCode.GROK_UNKNOWN_MODEL),
    (403, NO_MODEL, ReasonCode.GROK_UNKNOWN_MODEL),
    (410, "", ReasonCode.GROK_UNKNOWN_MODEL),
    (410, "The model grok-3 was removed.", ReasonCode.GROK_UNKNOWN_MODEL),
    (400, "grok-3 is deprecated; use grok-4.3 instead.", ReasonCode.GROK_UNKNOWN_MODEL),
    (404, "This model has been deprecated.", ReasonCode.GROK_UNKNOWN_MODEL),
    (400, "Argument not supported on this model: response_format", ReasonCode.GROK_BAD_REQUEST),
    (400, "Argument not supported: reasoning_effort", ReasonCode.GROK_BAD_REQUEST),
    (400, "The response_format parameter is unsupported.", ReasonCode.GROK_BAD_REQUEST),
    (400, "Model grok-4.7 does not support parameter stop.", ReasonCode.GROK_BAD_REQUEST),
    (422, "Unsupported parameter: reasoning_effort", ReasonCode.GROK_BAD_REQUEST),
]


@pytest.mark.parametrize("shape", [flat, nested])
@pytest.mark.parametrize(("status", "words", "reason"), NEXT_MODEL)
async def test_what_one_model_lacks_leaves_others_to_be_asked(
    status: int, words: str, reason: ReasonCode, shape: Any
) -> None:
    error = await failure_of(http_answer(status, shape("x", words)))

    assert type(error) is ProviderModelUnavailable
    assert error.reason_code is reason


async def test_a_wrong_address_is_a_bad_request_and_no_unknown_model() -> None:
    error = await failure_of(http_answer(404, "404 page not found"))

    assert type(error) is ProviderRefused
    assert error.reason_code is ReasonCode.GROK_BAD_REQUEST


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("7", 7),
        ("100000", 100_000),
        ("0", None),
        ("-3", None),
        ("soon", None),
        ("Fri, 01 Jan 2100 00:00:00 GMT", inf),
        ("Mon, 01 Jan 2001 00:00:00 GMT", None),
    ],
)
async def test_a_rate_limit_keeps_retry_after(header: str | None, wait: float | None) -> None:
    """However long it is: the waiting side decides what is too long."""
    headers = {"Retry-After": header} if header else {}

    error = await failure_of(http_answer(429, flat("exhausted", "Too many requests for team 7"), headers))

    assert type(error) is ProviderRateLimited
    assert error.reason_code is ReasonCode.GROK_RATE_LIMITED
    if wait == inf:
        assert error.retry_after is not None
        assert error.retry_after > timedelta(days=365)
    else:
        assert error.retry_after == (timedelta(seconds=wait) if wait else None)


UNAVAILABLE = [
    pytest.param(http_answer(500, flat("internal", "x")), id="500"),
    pytest.param(http_answer(503, flat("The service is currently unavailable", "x")), id="503"),
    pytest.param(http_answer(529), id="529"),
    pytest.param(http_answer(522, "<html><title>x.ai | 522: Connection timed out</title></html>"), id="522 page"),
    pytest.param(http_answer(408), id="408"),
    *(pytest.param(http_answer(status, flat("x", "later")), id=str(status)) for status in (409, 424, 425, 499)),
    pytest.param(http_answer(403, "error code: 1010"), id="403 of a firewall"),
    pytest.param(http_answer(403, "<html><title>Just a moment...</title></html>"), id="403 page of a firewall"),
    pytest.param(http_answer(403, {"title": "Error 1010", "detail": "Cloudflare"}), id="403 JSON of a firewall"),
    pytest.param(http_answer(403), id="403 without a word"),
    pytest.param(http_answer(302, "", {"Location": "/"}), id="a redirect"),
    pytest.param(http_answer(200, flat("The service is currently unavailable", "later")), id="200 with an error"),
    pytest.param(http_answer(200, nested("unavailable", "later")), id="200 with a nested error"),
    pytest.param(cut_short(http_answer(200, completion()), 30), id="cut in the body"),
    pytest.param(Conduct.CLOSE, id="closed"),
    pytest.param(Conduct.RESET, id="reset"),
    pytest.param(Conduct.SILENCE, id="no answer in time"),
]


@pytest.mark.parametrize("answer", UNAVAILABLE)
async def test_trouble_at_xai_may_pass(answer: bytes | Conduct) -> None:
    error = await failure_of(answer, timeout_seconds=0.5 if answer is Conduct.SILENCE else 60)

    assert type(error) is ProviderUnavailable
    assert error.reason_code is ReasonCode.GROK_UNAVAILABLE


async def test_a_refused_connection_may_pass() -> None:
    async with open_grok(f"http://127.0.0.1:{free_port()}", SecretStr(KEY), timeout_seconds=60) as grok:
        with pytest.raises(ProviderUnavailable):
            await grok.write(QUESTION)


NO_FIT = [3_000_000_000, 10**24, -1, 2.5, True, "7", None]


@pytest.mark.parametrize("number", NO_FIT, ids=str)
async def test_a_number_that_does_not_fit_is_null_and_the_prompt_counts(number: Any) -> None:
    usage = {
        "prompt_tokens": number,
        "completion_tokens": number,
        "completion_tokens_details": {"reasoning_tokens": number},
        "cost_in_usd_ticks": 10**34 if number == 10**24 else number,
    }
    async with asking(http_answer(200, completion() | {"usage": usage})) as (grok, _):
        answer = await grok.write(QUESTION)

    assert answer.prompt == "A red fox."
    assert (answer.input_tokens, answer.output_tokens) == (None, None)
    assert answer.cost_usd is None or answer.cost_usd < 1


READABLE = [
    pytest.param('```json\n{"prompt": "A red fox."}\n```', id="a fence"),
    pytest.param('```\n{"prompt": "A red fox."}```', id="a fence without a word"),
    pytest.param('Sure! {"prompt": "A red fox."} Tell me more.', id="words around it"),
    pytest.param('Braces {like these} first: {"prompt": "A red fox."}', id="braces before it"),
    pytest.param('{"answer": {"prompt": "A red fox."}}', id="inside another object"),
    pytest.param('{"prompt": "A red fox.", "refusal": ""}', id="an empty refusal"),
    pytest.param('{"prompt": "A red fox.", "refusal": "None."}', id="a refusal of none"),
    pytest.param('{"prompt": "A red fox.", "refusal": null}', id="a null refusal"),
    pytest.param('{"prompt": "\nA red fox."}', id="a line break inside the text"),
    pytest.param([{"type": "text", "text": '{"prompt": '}, {"type": "text", "text": '"A red fox."}'}], id="parts"),
    pytest.param([{"type": "reasoning", "x": 1}, '{"prompt": "A red fox."}'], id="a part that is a text"),
]


@pytest.mark.parametrize("content", READABLE)
async def test_the_object_is_found_wherever_it_stands(content: Any) -> None:
    async with asking(http_answer(200, completion(content))) as (grok, _):
        answer = await grok.write(QUESTION)

    assert answer.prompt == "A red fox."


async def test_an_answer_of_braces_alone_is_given_up_quickly() -> None:
    used = time.process_time()

    error = await failure_of(http_answer(200, completion('{"a": ' * 300_000)))

    assert type(error) is ProviderAnswerUnusable
    assert time.process_time() - used < 3


UNUSABLE = [
    pytest.param(completion("I would rather not."), id="no JSON"),
    pytest.param(completion('{"prompt": "A red f', "length"), id="cut"),
    pytest.param(completion('{"prompt": "A red fox."}', "length"), id="cut after the JSON"),
    pytest.param(completion(""), id="empty"),
    pytest.param(completion(None), id="null"),
    pytest.param(completion('{"prompt": "  "}'), id="blank prompt"),
    pytest.param(completion('{"prompt": "\u200b\u2060"}'), id="invisible prompt"),
    pytest.param(completion("\u200b"), id="invisible text"),
    pytest.param(completion([]), id="no parts"),
    pytest.param(completion([{"type": "image_url"}, 7]), id="parts without a text"),
    pytest.param(completion('{"prompt": 7}'), id="prompt of another type"),
    pytest.param(completion('["A red fox."]'), id="a list"),
    pytest.param(completion('{"text": "A red fox."}'), id="another field"),
    pytest.param(completion(json.dumps({"prompt": "x" * 10_001})), id="too long"),
    pytest.param(completion("[" * 100_000), id="too deep"),
    pytest.param({"choices": []}, id="no choice"),
    pytest.param({"choices": [{"message": None}]}, id="no message"),
    pytest.param({"request_id": "x"}, id="another answer"),
    pytest.param("<html>", id="a page"),
    pytest.param("", id="no body"),
]


@pytest.mark.parametrize("body", UNUSABLE)
async def test_an_answer_that_holds_no_prompt_is_unusable(body: Any) -> None:
    error = await failure_of(http_answer(200, body))

    assert type(error) is ProviderAnswerUnusable
    assert error.reason_code is ReasonCode.GROK_BAD_ANSWER


async def test_a_prompt_is_kept_to_what_postgres_can_hold() -> None:
    content = json.dumps({"prompt": " a\x00fox \ud83e\udd8a \ud800 "})

    async with asking(http_answer(200, completion(content))) as (grok, _):
        answer = await grok.write(QUESTION)

    assert answer.prompt == "afox 🦊 ?"


@pytest.mark.parametrize(
    "body",
    [
        completion(None, refusal="I cannot help with that."),
        completion("{}", "content_filter"),
        completion('{"prompt": "", "refusal": "It shows a real person."}'),
        completion('{"prompts": [{"prompt": ""}, {"prompt": "I\'m sorry, but I can\'t help with that."}]}'),
        completion('{"prompt": "A red fox.", "refusal": "It shows a real person."}'),
        completion('{"prompt": "I\'m sorry, but I can\'t assist with that."}'),
        completion('{"prompt": "I\u2019m sorry, but I can\u2019t assist with that."}'),
        completion('{"prompt": "Sorry, I cannot create images of real people."}'),
        completion('{"prompt": "I am unable to help with this request."}'),
        completion("I'm sorry, but I can't assist with that request."),
        completion([{"type": "refusal", "refusal": "I will not."}]),
    ],
)
async def test_a_refusal_inside_a_completion_is_final(body: dict[str, Any]) -> None:
    error = await failure_of(http_answer(200, body))

    assert type(error) is ProviderRefused
    assert error.reason_code is ReasonCode.GROK_REFUSED


@pytest.mark.parametrize(
    "prompt",
    [
        "I can't help falling in love, a neon sign on a rainy street.",
        "Sorry is written on a postcard: 'I cannot come'.",
        "We can see the sea, unable to sleep, a woman at a window.",
        "A sign that says: I'm sorry, but I can't assist with that.",
    ],
)
async def test_a_prompt_that_sounds_like_a_refusal_is_a_prompt(prompt: str) -> None:
    async with asking(http_answer(200, completion(json.dumps({"prompt": prompt})))) as (grok, _):
        assert (await grok.write(QUESTION)).prompt == prompt


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (http_answer(500, "", {"x-should-retry": "false"}), ReasonCode.GROK_UNAVAILABLE),
        (http_answer(429, flat("x", "slow"), {"x-should-retry": "false"}), ReasonCode.GROK_RATE_LIMITED),
        (http_answer(200, completion(""), {"X-Should-Retry": "False"}), ReasonCode.GROK_BAD_ANSWER),
    ],
)
async def test_a_forbidden_retry_makes_a_temporary_failure_final(answer: bytes, reason: ReasonCode) -> None:
    error = await failure_of(answer)

    assert type(error) is ProviderRefused
    assert error.reason_code is reason


async def test_an_allowed_retry_changes_nothing() -> None:
    error = await failure_of(http_answer(400, flat("x", "no"), {"x-should-retry": "true"}))

    assert type(error) is ProviderRefused


async def test_the_key_is_never_in_an_errors_words() -> None:
    said = f"{KEY} may not read https://pictures.example/a.png?X-Amz-Signature=abc123"

    error = await failure_of(http_answer(400, flat("invalid-argument", said)))

    assert "abc123" not in str(error)
    assert "https://pictures.example/a.png" in str(error)


async def test_a_cancel_passes_through_untouched() -> None:
    async with asking(Conduct.SILENCE) as (grok, server):
        writing = asyncio.create_task(grok.write(QUESTION))
        await eventually(lambda: server.requests == 1)
        writing.cancel()

        with pytest.raises(asyncio.CancelledError):
            await writing
    assert writing.cancelled()


@pytest.mark.parametrize("key", [None, "", " \n", "two words", "line\nbreak"])
async def test_without_a_usable_key_nobody_is_asked_and_the_setting_is_named(key: str | None) -> None:
    async with asking(http_answer(200, completion()), key=key) as (grok, server):
        with pytest.raises(ProviderRefused, match="XAI_API_KEY") as raised:
            await grok.write(QUESTION)

    assert raised.value.reason_code is ReasonCode.GROK_BAD_KEY
    assert server.connections == []


async def test_a_base_that_is_no_address_is_named() -> None:
    with pytest.raises(ConfigurationError, match="XAI_API_BASE"):
        async with open_grok("api.x.ai", None, timeout_seconds=1):
            pass
