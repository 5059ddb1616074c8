"""Which of WaveSpeed's upload URLs are used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promptmill.contracts.errors import ProviderAnswerUnusable
from promptmill.providers.http.answers import Answer
from promptmill.providers.wavespeed.tickets import SIGNED_URL_CHARACTERS, Ticket, read_ticket

PUT_URL = "https://storage.example.com/bucket/fox.png?X-Signature=s3cret"
DOWNLOAD_URL = "https://files.example.com/fox.png"
HEADERS = {"Content-Type": "image/png", "x-amz-acl": "private", "Content-Length": "5"}
LOOPBACK = "http://127.0.0.1:3901/upload/x"


def ticket_of(*, upload: dict[str, Any] | None = None, simulated: bool = False, **data: Any) -> Ticket:
    instruction = {"method": "PUT", "url": PUT_URL, "headers": HEADERS, **(upload or {})}
    document = {"code": 200, "data": {"download_url": DOWNLOAD_URL, "upload": instruction, **data}}
    return read_ticket(Answer(200, body=json.dumps(document).encode()), 5, simulated=simulated)


def test_a_ticket_is_followed_to_the_letter() -> None:
    assert ticket_of() == Ticket(PUT_URL, HEADERS, DOWNLOAD_URL)
    assert ticket_of(upload={"headers": None}).headers == {}
    assert len(ticket_of(upload={"url": PUT_URL + "x" * 5_000}).put_url) > 5_000


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "http://storage.example.com/x",
        "ftp://storage.example.com/x",
        "https://user:s3cret@storage.example.com/x",
        "https://169.254.169.254/latest",
        "https://localhost/x",
        "https://10.0.0.1/x",
        "https://storage.example.com/é",
        "https://storage.example.com/a b",
        "https://storage.example.com/\r\nX: y",
        "//storage.example.com/x",
        LOOPBACK,
        PUT_URL + "x" * SIGNED_URL_CHARACTERS,
    ],
)
def test_another_address_is_not_opened(url: Any) -> None:
    for more in ({"upload": {"url": url}}, {"download_url": url}):
        with pytest.raises(ProviderAnswerUnusable) as raised:
            ticket_of(**more)
        assert "s3cret" not in str(raised.value)
        assert "example.com" not in str(raised.value)


def test_plain_http_is_for_simulators_on_this_machine() -> None:
    assert ticket_of(upload={"url": LOOPBACK}, download_url=LOOPBACK, simulated=True).put_url == LOOPBACK
    for url in ("http://10.0.0.1/x", "http://printer/x", "http://storage.example.com/x"):
        with pytest.raises(ProviderAnswerUnusable):
            ticket_of(upload={"url": url}, simulated=True)


@pytest.mark.parametrize(
    "upload",
    [
        {"method": "POST"},
        {"method": None},
        {"headers": []},
        {"headers": {"x-a": 5}},
        {"headers": {"x-a": None}},
        {"headers": {"x-a": "b\r\nx-c: d"}},
        {"headers": {"x-a": "é"}},
        {"headers": {"x a": "b"}},
        {"headers": {"": "b"}},
        {"headers": {"Host": "evil.example"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"content-length": "6"}},
    ],
)
def test_another_instruction_is_not_followed(upload: dict[str, Any]) -> None:
    with pytest.raises(ProviderAnswerUnusable):
        ticket_of(upload=upload)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{}", b'{"data": []}', b'{"data": {"upload": "x", "download_url": []}}']
)
def test_an_answer_without_a_ticket_is_told(body: bytes) -> None:
    with pytest.raises(ProviderAnswerUnusable):
        read_ticket(Answer(200, body=body), 5, simulated=False)
