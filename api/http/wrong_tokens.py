"""How often callers came with a wrong token: each is answered later, then they are refused, and an operator is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final

import structlog

MOST_WRONG: Final = 5
"""Wrong tokens within the window that one caller may send before it is refused without a comparison's answer."""

WINDOW_SECONDS: Final = 60
"""From a caller's first wrong token; also the `Retry-After` of the refusal."""

FIRST_PAUSE_SECONDS: Final = 0.1
"""Before the answer to a caller's first wrong token within the window; twice as long with each further one."""

MOST_SLOWED: Final = 100
"""Answers that wait at once; beyond it they are given at once, so that guesses cannot fill memory and connections."""

MOST_CALLERS: Final = 10_000
"""Callers that are remembered; beyond it the one is forgotten whose window began first."""

IPV6_PREFIX: Final = 64
"""Bits of an IPv6 address that tell callers apart: whoever has one such network has all of its addresses."""

_log = structlog.get_logger(__name__)


@dataclass
class _Window:
    began: float
    wrong: int = 0


@dataclass
class WrongTokens:
    """Counts wrong tokens by caller, in this process. A right token is never counted, slowed or refused.

    Attributes:
        clock: Monotonic seconds.
        sleep: Waits for some seconds.
    """

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _windows: dict[str, _Window] = field(default_factory=dict, init=False)
    _slowed: int = field(default=0, init=False)

    def note(self, caller: IPv4Address | IPv6Address | None) -> int:
        """Count one wrong token; return the caller's number within the window.

        None is an unknown address, all of which are one caller. Above `MOST_WRONG` it is to be refused.
        """
        name, now = caller_name(caller), self.clock()
        window = self._windows.get(name)
        if window is None or now - window.began >= WINDOW_SECONDS:
            self._windows.pop(name, None)
            if len(self._windows) >= MOST_CALLERS:
                del self._windows[next(iter(self._windows))]
            window = self._windows[name] = _Window(now)
        window.wrong += 1
        if window.wrong == MOST_WRONG + 1:
            _log.warning("wrong_tokens", address=name, within_seconds=round(now - window.began, 1))
        return window.wrong

    async def slow(self, wrong: int) -> None:
        """Let the answer to the caller's so many-th wrong token wait, unless too many wait already."""
        if self._slowed >= MOST_SLOWED:
            return
        self._slowed += 1
        try:
            await self.sleep(FIRST_PAUSE_SECONDS * 2 ** (wrong - 1))
        finally:
            self._slowed -= 1


def caller_name(caller: IPv4Address | IPv6Address | None) -> str:
    """Return what callers are told apart by: the address; of an IPv6 address, the network."""
    if isinstance(caller, IPv6Address):
        return str(ip_network((caller, IPV6_PREFIX), strict=False))
    return str(caller or "unknown")
