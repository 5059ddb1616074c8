"""The server: which tools there are, and what a client should know before it lets an agent use one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, NamedTuple

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field

from promptmill.agents.batches import BatchTools
from promptmill.agents.saving import Folder
from promptmill.agents.showing import LINK
from promptmill.agents.tools import Reach, Tools
from promptmill.version import installed_version

INSTRUCTIONS: Final = """\
Promptmill makes pictures, videos and sounds with WaveSpeed's models, and prompts with Grok. Each of them costs money.

* Before you create a job, look at the model (`get_model`) and its price (`get_price`). The limit is the person's.
* Give each wish an idempotencyKey of its own. If a call was cut off, make the same call with the same key again: it
  finds what it made. A new key pays again.
* A job takes seconds to minutes. Wait with waitSeconds or `wait_for_jobs`; it goes on if you do not.
* `submit_unknown` means that people decide whether it was paid. Do not make it again.
"""


class _Kind(NamedTuple):
    """What a tool does to the world."""

    reads: bool = False
    spends: bool = False
    ends: bool = False

    @property
    def annotations(self) -> ToolAnnotations:
        """As clients read them: what spends cannot be taken back, so that they ask the person before."""
        return ToolAnnotations(
            read_only_hint=self.reads,
            destructive_hint=None if self.reads else self.spends or self.ends,
            idempotent_hint=None if self.reads else True,
            open_world_hint=self.spends,
        )


_READS: Final = _Kind(reads=True)
_SPENDS: Final = _Kind(spends=True)


def make_server(reach: Reach, folder: Folder | None = None) -> MCPServer[Any]:
    """Return the server of an installation.

    Args:
        reach: How its API is called, for whoever makes a request.
        folder: Where outputs may be saved; None: not at all.
    """
    tools, batches = Tools(reach, folder), BatchTools(reach)
    server: MCPServer[Any] = MCPServer(
        "promptmill", title="Promptmill", instructions=INSTRUCTIONS, version=installed_version(), log_level="WARNING"
    )
    found: list[tuple[str, _Kind, Callable[..., Any]]] = [
        ("Find models", _READS, tools.search_models),
        ("Look at a model", _READS, tools.get_model),
        ("Ask for a price", _READS, tools.get_price),
        ("Write a prompt", _SPENDS, tools.write_prompt),
        ("Make something", _SPENDS, tools.create_job),
        ("Look at a job", _READS, tools.get_job),
        ("List jobs", _READS, tools.list_jobs),
        ("Wait for jobs", _READS, tools.wait_for_jobs),
        ("Cancel a job", _Kind(ends=True), tools.cancel_job),
        ("Retry a job", _SPENDS, tools.retry_job),
        ("Look at the spending", _READS, tools.get_spend),
        ("Plan a batch", _READS, batches.plan_batch),
        ("Make a batch", _SPENDS, batches.create_batch),
        ("Look at a batch", _READS, batches.get_batch),
    ]
    if folder is not None:
        found.append(("Save files", _Kind(), tools.save_outputs))
    for title, kind, tool in found:
        server.add_tool(tool, title=title, annotations=kind.annotations)

    @server.resource(
        LINK,
        name="output",
        title="A finished file",
        description="The installation's own copy of an output.",
        mime_type="application/octet-stream",
    )
    async def read_output(
        ctx: Context[Any, Any],
        job_id: Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{36}$")],
        index: Annotated[int, Field(ge=0, le=32_767)],
    ) -> bytes:
        async with reach(ctx) as calls:
            data, _ = await calls.file(f"/api/jobs/{job_id}/outputs/{index}/file")
            return data

    return server
