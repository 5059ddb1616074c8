"""Jobs as an agent sees them: their facts, and their pictures as it can look at them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult, ContentBlock, ImageContent, ResourceLink, TextContent

from promptmill.agents.calls import Calls
from promptmill.agents.shapes import Job, Output, Shape
from promptmill.contracts.outputs import StoredState

MOST_THUMBNAILS: Final = 8
"""Of one result: each costs the agent some of what it can read."""

LINK: Final = "promptmill://jobs/{job_id}/outputs/{index}"
"""Under which the server reads an output."""

_WEBP: Final = "image/webp"


async def result_of(calls: Calls, shape: Shape, jobs: Sequence[Job]) -> CallToolResult:
    """Return facts with the pictures of jobs: small ones to look at, and links to read the files by."""
    facts = shape.model_dump(mode="json", by_alias=True)
    content: list[ContentBlock] = [TextContent(type="text", text=shape.model_dump_json(by_alias=True))]
    shown = 0
    for job, output in _files(jobs):
        content.append(_link(job, output))
        if shown < MOST_THUMBNAILS and output.stored is not None and output.stored.thumbnail_url:
            picture = await _thumbnail(calls, job, output)
            content += picture
            shown += len(picture)
    return CallToolResult(content=content, structured_content=facts)


def _files(jobs: Sequence[Job]) -> Iterator[tuple[Job, Output]]:
    yield from ((job, output) for job in jobs for output in job.outputs if output.url)


def _link(job: Job, output: Output) -> ResourceLink:
    stored = output.stored if output.stored and output.stored.state == StoredState.STORED else None
    return ResourceLink(
        type="resource_link",
        uri=LINK.format(job_id=job.job_id, index=output.index),
        name=(stored.name if stored else None) or f"{job.job_id}-{output.index}",
        description=(job.prompt or "")[:200] or None,
        mime_type=stored.content_type if stored else None,
        size=stored.bytes if stored else None,
    )


async def _thumbnail(calls: Calls, job: Job, output: Output) -> list[ImageContent]:
    try:
        data, media_type = await calls.file(f"/api/jobs/{job.job_id}/outputs/{output.index}/thumbnail")
    except ToolError:
        return []  # the facts are there; the storage may be away
    return [ImageContent(type="image", data=base64.b64encode(data).decode(), mime_type=media_type or _WEBP)]


def job_of(answer: Any) -> Job:
    """Return a job from the API's answer."""
    return Job.model_validate(answer)
