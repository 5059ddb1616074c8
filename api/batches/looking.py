"""Looks at the files that a table names by their addresses, before anything is paid: are they what the model takes?

A file that is clearly something else, or is gone, is a fault of its row. Whatever else keeps us from seeing it may not
keep WaveSpeed from it: that is a warning (docs/decisions/0037-a-tables-pictures-are-looked-at.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, NamedTuple

from promptmill.batches.filling import FIELDS, IMAGE, IMAGES
from promptmill.contracts.catalogue import ModelInput
from promptmill.contracts.errors import OutputRefused, OutputUnavailable
from promptmill.contracts.outputs import Head
from promptmill.outputs.media_types import BYTES, DRAWING, media_type_of

LOOKING_SECONDS: Final = 2.0
"""For so long, further files of a table are looked at."""

AT_ONCE: Final = 16
"""Files of a table that are looked at at once."""

REMEMBERED: Final = 20_000
"""How many files one process remembers,"""

FITTING_SECONDS: Final = 600
"""and for how long those in which nothing is wrong: who plans a table mostly creates it next,"""

OTHER_SECONDS: Final = 20
"""and for how long all others: a person corrects what is wrong, and plans again."""

_INLINE: Final = "data:"
_ADDRESSES: Final = ("https://", "http://", _INLINE)
_SCHEME: Final = max(map(len, _ADDRESSES))
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_NAMES_NOTHING: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_KINDS: Final = {"image": "an image", "video": "a video", "audio": "a sound"}
_TAKEN: Final = {"image": {"image"}, "video": {"video", "audio"}, "audio": {"audio", "video"}}
"""What a file may be, by what an input takes. Containers of films and sounds are the same."""


class Named(NamedTuple):
    """A file that a row names.

    Attributes:
        column: The column it is in.
        takes: What the input takes: `image`, `video` or `audio`.
    """

    column: str
    url: str
    takes: str


class Look(NamedTuple):
    """What was seen of a file; both are None if nothing is wrong with it.

    Attributes:
        fault: Why it cannot be what the input takes, as a sentence.
        unseen: Why it was not seen, as the end of a sentence.
    """

    fault: str | None = None
    unseen: str | None = None


_NO_TIME: Final = Look(unseen="there were too many files to look at")


@dataclass
class Looker:
    """Looks at files for all callers of one process, and remembers what it saw for a while.

    Attributes:
        read: Returns how a file begins; raises OutputRefused and OutputUnavailable.
        asks_servers: Whether to look at files on servers; otherwise nothing is said of them.
    """

    read: Callable[[str], Awaitable[Head]]
    asks_servers: bool = True
    _seen: dict[bytes, tuple[float, Look]] = field(default_factory=dict)
    """By file: until when it is remembered, and the look; the newest last."""

    async def look(self, files: Iterable[Named]) -> Mapping[Named, Look]:
        """Look at these files, each once and a few at once, until there is no time left."""
        looks: dict[Named, Look] = {}
        waiting = []
        for file in files:
            if not (self.asks_servers or file.url.startswith(_INLINE)):
                looks[file] = Look()
                continue
            known = self._known(file)
            if known is None:
                waiting.append(file)
            looks[file] = known or _NO_TIME
        until = monotonic() + LOOKING_SECONDS
        # A connection is never broken off: what is under way when time is up ends by itself.
        queue = iter(waiting)

        async def work() -> None:
            for file in queue:
                if monotonic() > until:
                    return
                looks[file] = await self._look(file)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(waiting))):
                group.create_task(work())
        return looks

    async def _look(self, file: Named) -> Look:
        try:
            look = _judged(await self.read(file.url), file.takes)
        except (OutputRefused, OutputUnavailable) as error:
            look = Look(unseen=str(error))
        key = _key(file)
        self._seen.pop(key, None)
        self._seen[key] = monotonic() + (FITTING_SECONDS if look == Look() else OTHER_SECONDS), look
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return look

    def _known(self, file: Named) -> Look | None:
        until, look = self._seen.get(_key(file), (0.0, None))
        return look if until > monotonic() else None


def files_of(body: Mapping[str, Any], inputs: Mapping[str, ModelInput | None]) -> Iterator[Named]:
    """Find the files that the body of a job names, by the inputs of its model."""
    for column in (IMAGE, IMAGES):
        for url in _addresses(body.get(FIELDS[column])):
            yield Named(column, url, "image")
    given = body.get("input")
    if isinstance(given, dict):
        for name, value in given.items():
            told = inputs.get(name)
            takes = next((kind for kind in told.media if kind in _KINDS), None) if told else None
            if takes is not None:
                for url in _addresses(value):
                    yield Named(name, url, takes)


def _addresses(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and one[:_SCHEME].lower().startswith(_ADDRESSES):
            yield one


def _judged(head: Head, takes: str) -> Look:
    needed = f"Must be the URL of {_KINDS[takes]}"
    if head.status in _GONE:
        return Look(f"{needed}: its server answers {head.status}.")
    if head.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        return Look(unseen=f"its server answered {head.status}")
    if not head.begins:
        return Look(f"{needed}: the file is empty.")
    found = media_type_of(head.begins)
    if found is DRAWING:
        return Look(f"{needed}: this is a drawing (SVG).")
    name = "text/html" if found is None else found.name
    if found is BYTES:
        # Formats that we do not know are WaveSpeed's to judge, if the server names one that fits, or none.
        name = takes if head.says in _NAMES_NOTHING else head.says
    if name.partition("/")[0] in _TAKEN[takes]:
        return Look()
    return Look(f"{needed}: this is {name}.")


def _key(file: Named) -> bytes:
    return blake2b(f"{file.takes} {file.url}".encode(errors="surrogateescape"), digest_size=16).digest()
