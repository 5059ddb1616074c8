"""What a command says: progress and addresses on standard error, results on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

from promptmill.terminal import visible, visible_line

if TYPE_CHECKING:
    from pydantic import BaseModel

    from promptmill_client import JobAnswer


def print_json(content: Any) -> None:
    """Print JSON, alone on standard output."""
    sys.stdout.write(json.dumps(content, indent=2) + "\n")


def print_text(text: str) -> None:
    """Print a text for people on standard output."""
    sys.stdout.write(visible(text) + "\n")


def on_the_wire(shape: BaseModel) -> Any:
    """Return an answer as the API has given it."""
    return shape.model_dump(mode="json", by_alias=True)


def note(text: str) -> None:
    """Say one line on standard error."""
    _stderr().print(Text(visible(text)))


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], to: TextIO | None = None) -> None:
    """Print lines with aligned columns, on standard output unless it says where."""
    stream = to or sys.stdout
    lines = [tuple(heads), *(tuple(visible_line(cell) for cell in row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        stream.write("  ".join(padded).rstrip() + "\n")


def address_lines(job: JobAnswer) -> Iterator[str]:
    """Say where a job's outputs are."""
    for output in job.outputs:
        yield output.url or output.text or f"output {output.index}"


class Progress:
    """Says each change of a job: in one line that changes on a terminal, else a line for each."""

    def __init__(self, status: Status | None) -> None:
        self._status = status
        self._told = ""

    def tell(self, job: JobAnswer, place: str = "") -> None:
        """Say where a job stands, if that has changed."""
        self.say(f"{place}{job.status_text}")

    def say(self, text: str) -> None:
        """Say how things stand, if that has changed."""
        if text == self._told:
            return
        self._told = text
        if self._status is None:
            note(text)
        else:
            self._status.update(Text(visible_line(text)))


@contextmanager
def progress() -> Iterator[Progress]:
    """Show progress while the context is open."""
    console = _stderr()
    if not console.is_terminal:
        yield Progress(None)
        return
    with console.status("") as status:
        yield Progress(status)


def _stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)
