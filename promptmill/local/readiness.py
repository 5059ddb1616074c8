"""Waits until a component is ready, with a timeout, and only while it runs."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus

from promptmill.formats import duration
from promptmill.local.errors import PartFailed
from promptmill.local.processes import Child, log_end

LOOK_EVERY_SECONDS = 0.05
PROBE_SECONDS = 2.0
"""Timeout of one probe."""


def wait_ready(child: Child, is_ready: Callable[[], bool], *, within: float) -> None:
    """Return once `is_ready()` is true.

    Raises:
    PartFailed: The child exited, or was not ready in `within` seconds; the message contains the end of its log.
    """
    give_up = time.monotonic() + within
    while True:
        child.require_alive()
        if is_ready():
            return
        if time.monotonic() > give_up:
            raise PartFailed(
                f"{child.name} was not ready within {duration(within)}. The end of {child.log}:\n{log_end(child.log)}"
            )
        time.sleep(LOOK_EVERY_SECONDS)


def answers(url: str) -> bool:
    """Return whether a GET of a loopback URL returns 200."""
    # Without proxies: a machine's proxy settings do not apply to its loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=PROBE_SECONDS) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:  # URLError and HTTPError are OSErrors
        return False
