"""How often callers came with a wrong token: after a few, they are refused for a while, and an operator is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final

import structlog

MOST_WRONG: Final = 5
"""Wrong tokens within the window that one caller may send before it is refused without a comparison's answer."""

WINDOW_SECONDS: Final = 60
"""From a caller's first wrong token; also the `Retry-After` of the refusal."""

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
    """Counts wrong tokens by caller, in this process. A right token is never counted, and never refused.

    Attributes:
        clock: Monotonic seconds.
    """

    clock: Callable[[], float] = time.monotonic
    _windows: dict[str, _Window] = field(default_factory=dict, init=False)

    def note(self, caller: IPv4Address | IPv6Address | None) -> bool:
        """Count one wrong token; return whether there were too many. None: an unknown address, all of which are one."""
        name, now = _name(caller), self.clock()
        window = self._windows.get(name)
        if window is None or now - window.began >= WINDOW_SECONDS:
            self._windows.pop(name, None)
            if len(self._windows) >= MOST_CALLERS:
                del self._windows[next(iter(self._windows))]
            window = self._windows[name] = _Window(now)
        window.wrong += 1
        if window.wrong == MOST_WRONG + 1:
            _log.warning("wrong_tokens", caller=name, within_seconds=round(now - window.began, 1))
        return window.wrong > MOST_WRONG


def _name(caller: IPv4Address | IPv6Address | None) -> str:
    if isinstance(caller, IPv6Address):
        return str(ip_network((caller, IPV6_PREFIX), strict=False))
    return str(caller or "unknown")
