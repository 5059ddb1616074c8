"""How many uploads are processed at once, and how long one may take to arrive."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.requests import Request
from starlette.types import Message

from api.http.errors import Refused
from api.uploads.form import read_file
from api.uploads.slots import UploadSlots


async def test_as_many_pictures_are_decoded_at_once_as_there_are_decoders() -> None:
    slots, meeting = UploadSlots(2), threading.Barrier(2)

    await asyncio.gather(*(slots.decode(lambda: meeting.wait(timeout=10)) for _ in range(4)))


async def test_no_more_pictures_are_decoded_at_once_than_there_are_decoders() -> None:
    """Three would continue as soon as they are together; they never are."""
    slots, meeting = UploadSlots(2), threading.Barrier(3)

    waited = (slots.decode(lambda: meeting.wait(timeout=0.3)) for _ in range(3))

    assert {type(end) for end in await asyncio.gather(*waited, return_exceptions=True)} == {
        threading.BrokenBarrierError
    }


async def test_a_decoder_is_free_again_after_a_picture_that_is_refused() -> None:
    slots = UploadSlots(1)

    def fail() -> None:
        raise Refused("picture_unreadable")

    for _ in range(3):
        with pytest.raises(Refused):
            await slots.decode(fail)
    assert await slots.decode(lambda: "decoded") == "decoded"


async def test_the_loop_goes_on_while_a_picture_is_decoded() -> None:
    slots, answered = UploadSlots(1), threading.Event()
    decoding = asyncio.create_task(slots.decode(lambda: answered.wait(10)))

    answered.set()

    assert await decoding


async def test_who_sends_too_slowly_is_told_so() -> None:
    async def silence() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, silence)

    with pytest.raises(Refused) as raised:
        async with asyncio.timeout(60):
            await read_file(request, 1000, within=0.05)

    assert raised.value.code == "upload_too_slow"
