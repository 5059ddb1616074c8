"""How many uploads are worked on at once, and how long one may take to arrive."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from starlette.requests import Request
from starlette.types import Message

from api.errors import Refused
from api.uploads.form import read_file
from api.uploads.places import UploadPlaces


async def test_only_so_many_pictures_are_decoded_at_once() -> None:
    """Each of the two waits until both have begun, which a third would make three."""
    places, running, most = UploadPlaces(2), 0, 0
    both, lock = threading.Barrier(2), threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(timeout=10)
        with lock:
            running -= 1

    await asyncio.gather(*(places.decode(work) for _ in range(6)))

    assert most == 2


async def test_a_decoder_is_free_again_after_a_picture_that_is_refused() -> None:
    places = UploadPlaces(1)

    def fail() -> None:
        raise Refused("picture_unreadable")

    for _ in range(3):
        with pytest.raises(Refused):
            await places.decode(fail)
    assert await places.decode(lambda: "decoded") == "decoded"


async def test_the_loop_goes_on_while_a_picture_is_decoded() -> None:
    places, answered = UploadPlaces(1), threading.Event()
    decoding = asyncio.create_task(places.decode(lambda: answered.wait(10)))

    answered.set()

    assert await decoding


async def test_who_sends_too_slowly_is_told_so() -> None:
    async def silence() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, silence)

    began = time.monotonic()
    with pytest.raises(Refused) as raised:
        await read_file(request, 1000, within=0.05)

    assert raised.value.code == "upload_too_slow"
    assert time.monotonic() - began < 5
