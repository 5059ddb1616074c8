"""Builds what callers see of a job's outputs, and of our own copies of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from api.schemas.outputs import OutputAnswer, StoredAnswer
from promptmill.contracts.outputs import Rendering, StoredState
from sql.models import StoredOutput


def output_answers(
    outputs: Sequence[dict[str, Any]], copies: Sequence[StoredOutput], address: Callable[[int, str], str]
) -> list[OutputAnswer]:
    """Return a job's outputs, each with our copy of it if there is one.

    Args:
        outputs: As the job's row has them.
        copies: What is stored of them.
        address: Returns the path at which the API serves an output: the `file`, or a rendering.
    """
    stored = {copy.index: stored_answer(copy, address) for copy in copies}
    return [OutputAnswer.model_validate(output | {"stored": stored.get(output["index"])}) for output in outputs]


def stored_answer(copy: StoredOutput, address: Callable[[int, str], str]) -> StoredAnswer:
    """Return our copy of an output as callers see it."""
    there = copy.state == StoredState.STORED and copy.path is not None
    rendered = {
        f"{rendering}_url": address(copy.index, rendering) if there and rendering in copy.renderings else None
        for rendering in Rendering
    }
    known = ("content_type", "bytes", "width", "height", "duration_seconds", "sha256", "stored_at")
    return StoredAnswer(
        state=copy.state,
        name=PurePosixPath(copy.path).name if there and copy.path else None,
        url=address(copy.index, "file") if there else None,
        problem=None if there else copy.problem,
        **rendered,
        **{name: getattr(copy, name) if there else None for name in known},
    )
