"""Addresses and ports of this machine: free ones, unguessable ones, and the process that uses a busy one."""

from __future__ import annotations

import random
import sys
from contextlib import suppress
from dataclasses import dataclass

import psutil

from promptmill.local.errors import LocalStackError
from promptmill.local.typed_ports import LOOPBACK, is_free

__all__ = ["LOOPBACK", "Address", "free_port", "hidden_address", "holder_of", "is_free"]

# Below the ephemeral range (Linux from 32768, others from 49152): an outgoing connection could
# take it before its server listens. Random, since two stacks may choose at the same time.
CHOICE = range(20_000, 32_000)


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `host:port`.

        Raises:
            ValueError: It is something else.
        """
        host, _, port = text.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16:
            raise ValueError(f"{text!r} is not host:port")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        """Return `host:port`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


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


def hidden_address() -> Address:
    """Return an unguessable loopback address; outside Linux only the port is random."""
    if sys.platform != "linux":
        return Address(LOOPBACK, free_port())
    draw = random.SystemRandom()
    return Address(f"127.{draw.randrange(1, 255)}.{draw.randrange(256)}.{draw.randrange(1, 255)}", free_port())


def holder_of(port: int) -> str:
    """Return ` by name (pid n)`, or nothing if the system does not reveal it (other users' processes, macOS)."""
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
