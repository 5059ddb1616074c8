"""The commands of docs/deployment.md about worker versions, and what a history says of the version that made it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from promptmill.config.settings import Settings
from tests.fixtures.mill import Mill
from tests.fixtures.session import ROOT
from tests.markdown import MarkdownPage
from tests.support import eventually

BLOCKS = {
    block.info.partition(" ")[2]: block.code
    for block in MarkdownPage.of(ROOT / "docs" / "deployment.md").blocks
    if block.info.startswith("sh versions-")
}


def block_for(settings: Settings, name: str) -> str:
    """Return a block as written, but for the names of program and deployment."""
    commands = BLOCKS[name].replace(".venv/bin", os.fspath(Path(sys.executable).parent))
    queue = settings.task_queue
    return commands.replace(" promptmill", f" {queue}").replace("'promptmill:", f"'{queue}:")


async def found_by(mill: Mill, name: str, version: str) -> int:
    """Return how many workflows a block that moves them finds: Temporal's searches lag."""
    query = block_for(mill.settings, name).partition('--query "')[2].partition('"')[0]
    return (await mill.client.count_workflows(query.replace("$VERSION", version))).count


async def run_block(settings: Settings, name: str, version: str = "") -> str:
    """Run a block until Temporal accepts it.

    It refuses a version that it does not know yet, and a change while another one is being spread.
    """
    commands = block_for(settings, name)
    environment = {"PATH": os.environ["PATH"], "VERSION": version} | settings.temporal

    async def done() -> subprocess.CompletedProcess[str]:
        ended = await asyncio.to_thread(
            subprocess.run,
            ["/bin/sh", "-euc", commands],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert ended.returncode == 0, ended.stderr
        return ended

    return (await eventually(done, what=f"{name} with {version}")).stdout


async def versions_of(mill: Mill, workflow_id: str) -> list[str]:
    """Return the version of the worker that completed each workflow task; empty for workers without one."""
    history = await mill.client.get_workflow_handle(workflow_id).fetch_history()
    return [
        event.workflow_task_completed_event_attributes.deployment_version.build_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    ]
