"""Stops a process at one exact point: after it has read a response of Postgres, and before it acts on it.

The process is stopped first, then the response is delivered, then it runs for fractions of a millisecond at a time
until the response has been read from its socket, which Linux shows in /proc/net/tcp.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

BURST_SECONDS = 0.0003
MAX_BURSTS = 2000


def unread_bytes(port: int) -> int:
    """Return how many bytes wait unread in the socket that has this local port; 0 if there is none.

    Raises:
        OSError: This system has no /proc/net/tcp.
    """
    wanted = f":{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(wanted) and words[3] == "01":
            return int(words[4].partition(":")[2], 16)
    return 0


def step_until_read(pid: int, port: int) -> bool:
    """Run a stopped process in bursts until it has read what waits in its socket; then it is stopped again."""
    for _ in range(MAX_BURSTS):
        if unread_bytes(port) == 0:
            return True
        os.kill(pid, signal.SIGCONT)
        time.sleep(BURST_SECONDS)
        os.kill(pid, signal.SIGSTOP)
    return False
