"""Ports of this machine: a free one, and who holds a busy one."""

from __future__ import annotations

import socket
from contextlib import suppress

import psutil

from promptmill.local.errors import LocalStackError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Return whether a server could listen there now."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def require_free(part: str, port: int, variable: str, host: str = LOOPBACK) -> None:
    """Do nothing when the port is free.

    Raises:
        LocalStackError: It is busy; the message names part, port, holder where the system tells it, and variable.
    """
    if not is_free(port, host):
        raise LocalStackError(
            f"Port {port} for {part} is in use{_holder(port)}: stop that process, or set {variable} to a free port."
        )


def _holder(port: int) -> str:
    """Return ` by name (pid n)`, or nothing where the system does not tell (other users' processes, macOS)."""
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
