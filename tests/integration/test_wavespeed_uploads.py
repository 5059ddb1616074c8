"""The upload itself: what is requested, what is sent to the storage, and how failures are reported."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic import SecretStr

from promptmill.contracts.errors import ConfigurationError, ProviderError, ProviderRefused, ProviderUnavailable
from promptmill.local.ports import free_port
from promptmill.providers.wavespeed.uploads import open_wavespeed_uploads
from tests.raw_server import Conduct, RawServer, http_answer, open_raw_server

KEY = "wsk_very-secret-key-0123456789"
PICTURE = b"\x89PNG and so on"
SIGNED = "/put?signature=very-signed"


def ticket(storage: str, **upload: Any) -> bytes:
    instruction = {
        "method": "PUT",
        "url": storage + SIGNED,
        "headers": {"x-ticket": "abc", "Content-Type": "image/png"},
    }
    data = {"download_url": f"{storage}/files/fox.png", "upload": {**instruction, **upload}}
    return http_answer(200, {"code": 200, "data": data})


async def uploaded(storage: str, *answers: bytes) -> tuple[str, RawServer]:
    async with (
        open_raw_server(*(answers or (ticket(storage),))) as wavespeed,
        open_wavespeed_uploads(wavespeed.url, SecretStr(KEY)) as uploads,
    ):
        return await uploads.upload(PICTURE, "image/png"), wavespeed


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        *((http_answer(status, {"code": status}), ProviderUnavailable) for status in (408, 409, 424, 425, 499)),
        (http_answer(403, "error code: 1010"), ProviderUnavailable),
        (http_answer(403, {"code": 403, "message": "insufficient role"}), ProviderRefused),
        (http_answer(422, {"code": 422}), ProviderRefused),
    ],
)
async def test_what_may_pass_by_itself_is_no_refusal_of_the_ticket(
    answer: bytes, expected: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as raised:
        await uploaded("http://127.0.0.1:9", answer)

    assert type(raised.value) is expected


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_the_bytes_go_to_the_storage_as_the_ticket_says(status: int) -> None:
    async with open_raw_server(http_answer(status)) as storage:
        url, wavespeed = await uploaded(storage.url)

    assert url == f"{storage.url}/files/fox.png"
    question = wavespeed.body
    assert re.fullmatch(r"[0-9a-f]{32}\.png", question.pop("filename"))
    assert question == {"size": len(PICTURE), "content_type": "image/png"}
    assert f"authorization: bearer {KEY}".encode() in wavespeed.received.lower()
    head, _, body = storage.received.partition(b"\r\n\r\n")
    assert head.startswith(f"PUT {SIGNED} HTTP/1.1".encode())
    assert body == PICTURE
    lines = head.lower().split(b"\r\n")
    assert {b"x-ticket: abc", b"content-type: image/png", f"content-length: {len(PICTURE)}".encode()} <= set(lines)
    assert b"authorization" not in head.lower()
    assert KEY.encode() not in storage.received


async def test_two_uploads_have_two_names() -> None:
    async with open_raw_server(http_answer(200)) as storage:
        names = {json.dumps((await uploaded(storage.url))[1].body) for _ in range(2)}

    assert len(names) == 2


@pytest.mark.parametrize(
    ("answer", "expected", "told"),
    [
        pytest.param(http_answer(403, "<Error>very-signed</Error>"), ProviderUnavailable, "responded 403", id="403"),
        pytest.param(http_answer(500, KEY), ProviderUnavailable, "responded 500", id="500"),
        pytest.param(http_answer(413), ProviderRefused, "this large", id="413"),
        pytest.param(
            http_answer(307, headers={"Location": "http://127.0.0.1:9/"}), ProviderUnavailable, "307", id="redirect"
        ),
        pytest.param(Conduct.CLOSE, ProviderUnavailable, "is unreachable", id="cut"),
        pytest.param(Conduct.RESET, ProviderUnavailable, "is unreachable", id="reset"),
        pytest.param(Conduct.CLOSE_AT_ONCE, ProviderUnavailable, "is unreachable", id="closed at once"),
    ],
)
async def test_what_the_storage_does_instead_is_told_once_and_without_its_words(
    answer: bytes | Conduct, expected: type[ProviderError], told: str
) -> None:
    async with open_raw_server(answer) as storage:
        with pytest.raises(expected) as raised:
            await uploaded(storage.url)

    assert type(raised.value) is expected
    assert told in str(raised.value)
    for secret in ("very-signed", KEY, storage.url):
        assert secret not in str(raised.value)
    assert len(storage.connections) == 1


async def test_a_storage_that_is_not_there_is_told() -> None:
    with pytest.raises(ProviderUnavailable, match="is unreachable"):
        await uploaded(f"http://127.0.0.1:{free_port()}")


async def test_a_ticket_for_another_method_sends_nothing() -> None:
    async with open_raw_server(http_answer(200)) as storage:
        with pytest.raises(ProviderError, match="a method other than"):
            await uploaded(storage.url, ticket(storage.url, method="POST"))

    assert storage.connections == []


async def test_a_redirected_question_is_not_followed() -> None:
    async with open_raw_server(http_answer(200)) as elsewhere:
        with pytest.raises(ProviderError):
            await uploaded(elsewhere.url, http_answer(302, headers={"Location": elsewhere.url}))

    assert elsewhere.connections == []


@pytest.mark.parametrize("key", [None, SecretStr(" "), SecretStr("two words")])
async def test_without_a_usable_key_nothing_is_asked(key: SecretStr | None) -> None:
    async with open_raw_server(http_answer(200)) as wavespeed, open_wavespeed_uploads(wavespeed.url, key) as uploads:
        with pytest.raises(ConfigurationError, match="WAVESPEED_API_KEY"):
            await uploads.upload(PICTURE, "image/png")

    assert wavespeed.connections == []
