"""How many uploads one process works on at once: decoding is memory, and so is a body that waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from api.http.errors import Refused

PLACES_PER_DECODER: Final = 4
"""Uploads taken in for each that is decoded: the others arrive, or are on their way to WaveSpeed."""

WAIT_SECONDS: Final = 5
"""How long an upload waits for a place before its caller is asked to come again."""

Result = TypeVar("Result")


class UploadPlaces:
    """The places of one process, and the decoders that those in a place share."""

    def __init__(self, at_once: int) -> None:
        self._places = asyncio.Semaphore(at_once * PLACES_PER_DECODER)
        self._decoders = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place; nothing of the body should be read before.

        Raises:
            Refused: `too_many_uploads`: none has become free.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise Refused("too_many_uploads") from None
        try:
            yield
        finally:
            self._places.release()

    async def decode(self, work: Callable[[], Result]) -> Result:
        """Do the work in a thread when one of the decoders is free."""
        async with self._decoders:
            return await asyncio.to_thread(work)
