"""The small server of commands: who sends slowly gives way, and nobody's connection leaves a stack."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack

import pytest

from promptmill.bounded_server import MOST
from promptmill.canary.receiver import open_receiver
from promptmill.local.ports import LOOPBACK
from promptmill.monitoring.told import receiver
from tests.support import eventually_sync

SLOW = MOST + 4


@pytest.mark.parametrize("of", ["canary", "monitor"])
def test_many_slow_senders_neither_hold_threads_nor_keep_anyone_out(of: str, capfd: pytest.CaptureFixture[str]) -> None:
    context = open_receiver("https://example.com", 0) if of == "canary" else receiver(lambda *_: None)
    before = threading.active_count()
    with context as opened:
        port = opened.port if not isinstance(opened, str) else int(opened.split(":")[2].partition("/")[0])
        path = f"/{opened.path}" if not isinstance(opened, str) else f"{opened.partition(str(port))[2]}/api"
        with ExitStack() as connections:
            slow = []
            for _ in range(SLOW):
                slow.append(connections.enter_context(socket.create_connection((LOOPBACK, port), timeout=30)))
                slow[-1].sendall(b"POST /")
            for connection in slow[: SLOW - MOST]:
                assert connection.recv(1) == b"", "the oldest are ended"
            # A thread whose connection is closed already may need a moment to end itself.
            eventually_sync(
                lambda: threading.active_count() - before <= MOST + 1, what="threads of ended connections end"
            )
            with socket.create_connection((LOOPBACK, port), timeout=30) as honest:
                body = b'{"alerts": []}'
                honest.sendall(
                    f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                )
                assert honest.recv(100).split()[1] == b"200"
            for connection in slow:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.close()  # with a reset
    assert capfd.readouterr().err == ""
