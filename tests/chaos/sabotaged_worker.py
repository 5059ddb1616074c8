"""`python -m tests.chaos.sabotaged_worker retry-post`: the real worker with one part replaced, for chaos runs only."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from math import inf
from typing import Any, cast

import worker.__main__ as entry
from promptmill.contracts.errors import SubmitUnclear
from promptmill.hard_exit import hard_exit
from promptmill.providers.wavespeed.client import WaveSpeedClient
from promptmill.worker_resources import WorkerResources, open_worker_resources


@dataclass(frozen=True)
class Sabotaged:
    """WaveSpeed's client with another way to submit."""

    wavespeed: WaveSpeedClient

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wavespeed, name)


class RetriesPost(Sabotaged):
    """Retries when there was no clear response."""

    async def submit(self, model: str, body: Mapping[str, Any], **how: Any) -> str:
        """Submit, and again if the first attempt is unclear."""
        try:
            return await self.wavespeed.submit(model, body, **how)
        except SubmitUnclear:
            return await self.wavespeed.submit(model, body, **how)


class HasNoGuard(Sabotaged):
    """Does not check the clock before the first byte."""

    async def submit(self, model: str, body: Mapping[str, Any], **how: Any) -> str:
        """Submit however late it is."""
        return await self.wavespeed.submit(model, body, **(how | {"post_by": inf}))


KINDS: dict[str, Callable[[WaveSpeedClient], Sabotaged]] = {"retry-post": RetriesPost, "no-guard": HasNoGuard}


def main() -> int:
    """Run the worker until it is told to stop."""
    sabotaged = KINDS[sys.argv[1]]

    @asynccontextmanager
    async def opened(*arguments: Any) -> AsyncIterator[WorkerResources]:
        async with open_worker_resources(*arguments) as resources:
            yield replace(resources, wavespeed=cast("WaveSpeedClient", sabotaged(resources.wavespeed)))

    vars(entry)["open_worker_resources"] = opened
    return entry.main()


if __name__ == "__main__":
    hard_exit(main())
