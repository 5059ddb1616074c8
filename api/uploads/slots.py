"""Limits the uploads that one process handles at once: decoding takes memory, and so does a body waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from api.http.errors import Refused

SLOTS_PER_DECODER: Final = 4
"""Uploads admitted per decoder: the others are still arriving, or being sent to WaveSpeed."""

WAIT_SECONDS: Final = 5
"""How long an upload waits for a slot before its caller is asked to retry."""

Result = TypeVar("Result")


class UploadSlots:
    """One process's upload slots, and the decoders that they share."""

    def __init__(self, at_once: int) -> None:
        self._slots = asyncio.Semaphore(at_once * SLOTS_PER_DECODER)
        self._decoders = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Hold a slot; read nothing of the body before.

        Raises:
            Refused: `too_many_uploads`: none became free.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._slots.acquire()
        except TimeoutError:
            raise Refused("too_many_uploads") from None
        try:
            yield
        finally:
            self._slots.release()

    async def decode(self, work: Callable[[], Result]) -> Result:
        """Run the work in a thread once a decoder is free."""
        async with self._decoders:
            return await asyncio.to_thread(work)
