"""`make drills`: how an API of several processes ends when none can start, and when its supervisor is killed.

The rules are tested on pretended processes in tests/unit/test_api_supervisor.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import certifi

from tests.fixtures.api_processes import start_api
from tests.fixtures.session import Session, StartProcess
from tests.support import eventually


async def test_it_ends_once_no_process_can_start(
    start_process: StartProcess, session: Session, database_url: str, tmp_path: Path
) -> None:
    """Replacing them for ever would look like a running service."""
    needed = tmp_path / "ca.pem"
    shutil.copy(certifi.where(), needed)
    more = {"TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(needed)}
    api = await start_api(start_process, session, database_url, 2, **more)
    needed.unlink()
    for one in api.serving():
        one.kill()

    assert await api.ended() == 1
    assert "Application startup failed" in api.child.log.read_text()


async def test_no_process_outlives_a_killed_supervisor(
    start_process: StartProcess, session: Session, database_url: str
) -> None:
    api = await start_api(start_process, session, database_url, 2)
    both = api.serving()
    api.child.process.kill()

    await eventually(lambda: not any(one.is_running() for one in both))
    assert api.refuses()
