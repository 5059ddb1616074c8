"""Has outputs rendered by a process that is kept warm, and replaced when it misbehaves."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from promptmill.contracts.outputs import Rendering
from promptmill.outputs.media_types import MediaType, Show

PROGRAM: Final = Path(__file__).with_name("render_process.py")

SECONDS: Final = 120.0
"""How long one file may take, on however busy a machine."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Rendered:
    """What was made of a file, and what is known of it.

    Attributes:
        files: The renderings.
        width: In pixels; None if it could not be read, as the rest.
        problem: Why there are no renderings, as the end of a sentence; None if there are, or none were due.
    """

    files: dict[Rendering, Path] = field(default_factory=dict)
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    problem: str | None = None


@dataclass
class Renderer:
    """Renders one file at a time.

    Attributes:
        seconds: How long one file may take.
        program: What is run.
    """

    seconds: float = SECONDS
    program: Path = PROGRAM
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def render(self, source: Path, kind: MediaType, folder: Path) -> Rendered:
        """Render a file into a folder, both with absolute paths.

        Never fails: a file that cannot be rendered has no renderings.
        """
        if kind.show is Show.NOT:
            return Rendered()
        request = {"source": str(source), "show": kind.show, "format": kind.format, "folder": str(folder)}
        async with self._one:
            answer = await self._ask(request)
        if answer is None:
            return Rendered(problem="it took too long, or its decoder broke")
        made = {Rendering(name): folder / file for name, file in answer["made"].items()}
        return Rendered(made, answer["width"], answer["height"], answer["seconds"], answer["problem"])

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _ask(self, request: dict[str, str]) -> dict[str, Any] | None:
        """Return the process's answer; None if it had to be killed, or ended."""
        answered = False
        try:
            async with asyncio.timeout(self.seconds):
                if self._process is None or self._process.returncode is not None:
                    self._process = await self._start()
                assert self._process.stdin is not None
                assert self._process.stdout is not None
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                await self._process.stdin.drain()
                answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
                answered = True
                return answer
        except (TimeoutError, OSError, ValueError) as error:
            _log.warning("rendering_failed", problem=str(error) or "It took too long, or the process ended.")
            return None
        finally:
            if not answered:  # also if we are cancelled: its answer would be taken for the next one's
                await self.close()

    async def _start(self) -> asyncio.subprocess.Process:
        # Nothing of ours, least of all keys, and nobody's modules beside the program.
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(self.program),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=kept,
            cwd="/",
        )


@asynccontextmanager
async def open_renderer() -> AsyncIterator[Renderer]:
    """Open a renderer, whose process begins with the first file, and end it afterwards."""
    renderer = Renderer()
    try:
        yield renderer
    finally:
        await renderer.close()
