"""Servers that tests need and no wheel provides: Debian packages, which `.ci/run` installs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from promptmill.local.ports import LOOPBACK, is_free
from tests.support import eventually_sync

SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin"
STOP_SECONDS = 30


def require_program(name: str, package: str) -> str:
    """Return a program's path; without it the test is skipped, in CI it fails."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")
    if path is None:
        told = f"{name} is not there: install the package {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return path


@contextmanager
def running_server(command: Sequence[str], folder: Path, *ports: int) -> Iterator[None]:
    """Run a server in the foreground until the end of the block, which begins when it listens on these ports."""
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=os.environ | {"HOME": str(folder)}
        )
    try:
        for port in ports:
            eventually_sync(
                lambda port=port: process.poll() is not None or not is_free(port, LOOPBACK),  # type: ignore[misc]
                what=f"port {port} is listened on",
            )
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
