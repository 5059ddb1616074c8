"""Ports of this machine: find a free one, and the process that uses a busy one."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

import psutil

from promptmill.local.errors import LocalStackError

LOOPBACK = "127.0.0.1"
# Below the ephemeral range (Linux from 32768, others from 49152): an outgoing connection could
# take it before its server listens. Random, since two stacks may choose at the same time.
CHOICE = range(20_000, 32_000)


def free_port() -> int:
    """Return a free port of the loopback address outside the ephemeral range.

    Raises:
        LocalStackError: None was found.
    """
    # Not the seeded generator of a test or a chaos run: two of the same seed would choose the same ports.
    for port in random.SystemRandom().sample(CHOICE, 100):
        if is_free(port):
            return port
    raise LocalStackError(f"No free port was found between {CHOICE.start} and {CHOICE.stop - 1}: stop some processes.")


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Return whether a server could listen there now."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is usable.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def require_free(part: str, port: int, variable: str, host: str = LOOPBACK) -> None:
    """Do nothing when the port is free.

    Raises:
        LocalStackError: It is in use; the message names the component, port, process (if known) and variable.
    """
    if not is_free(port, host):
        raise LocalStackError(
            f"Port {port} for {part} is in use{_holder(port)}: stop that process, or set {variable} to a free port."
        )


def _holder(port: int) -> str:
    """Return ` by name (pid n)`, or nothing if the system does not reveal it (other users' processes, macOS)."""
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
