"""What a person should be told first about an installation, in words: what is stopped, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, Protocol

from pydantic import Field

from api.schemas.answers import Answer

PROVIDERS = {"grok": "Grok", "wavespeed": "WaveSpeed"}


class Stopped(Protocol):
    """Something that was stopped: whether, why, and since when."""

    on: bool
    reason: str | None
    since: datetime | None


class StoppedQueue(Protocol):
    """A task queue, and the words of who stopped it."""

    name: str
    stopped: bool
    reason: str | None


class Notice(Answer):
    """One thing to be told."""

    tone: Literal["attention", "bad"] = Field(description="`attention`: as an operator wants it. `bad`: to be mended.")
    title: str
    text: str
    since: datetime | None = None


def notices_of(
    drain: Stopped | None, held: Stopped | None, queues: Sequence[StoppedQueue], missing: Sequence[str]
) -> Iterator[Notice]:
    """Tell what is stopped, and what is missing.

    Args:
        drain: Whether intake is stopped; None while that is not known.
        held: Whether paid submissions are stopped; None while that is not known.
        queues: The task queues.
        missing: What else is wrong, one sentence each.
    """
    if drain is not None and drain.on:
        text = f"{_words(drain.reason)}Jobs that run go on."
        yield Notice(tone="attention", title="New jobs are not accepted.", text=text, since=drain.since)
    if held is not None and held.on:
        text = f"{_words(held.reason)}Run `promptmill restore-check`."
        yield Notice(tone="bad", title="Submissions to WaveSpeed are stopped.", text=text, since=held.since)
    for queue in queues:
        if queue.stopped:
            name = PROVIDERS.get(queue.name.rsplit("-", 1)[-1], queue.name)
            text = f"{_words(queue.reason)}Its jobs wait and lose nothing."
            yield Notice(tone="attention", title=f"The queue to {name} is stopped.", text=text)
    if missing:
        yield Notice(tone="bad", title="Something is missing.", text=" ".join(missing))


def _words(reason: str | None) -> str:
    """Return somebody's words as a sentence with a space behind it."""
    words = (reason or "").strip()
    if not words:
        return ""
    return f"{words} " if words.endswith((".", "!", "?")) else f"{words}. "
