"""Limits on the size and type of request bodies: JSON everywhere, except for webhooks and uploads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message as MimeHeader
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from api.http.callers import MCP, WEBHOOKS, Refusal
from api.http.codec_pages import DECODE
from api.http.errors import Refused
from api.http.openai_errors import OPENAI_FOLDER
from promptmill.config.settings import Settings

IMPORT: Final = "/api/templates/import"
UPLOADS: Final = "/api/uploads"
EDITS: Final = f"{OPENAI_FOLDER}images/edits"
FORMS: Final = frozenset({UPLOADS, EDITS})
"""The only paths that accept a form with images."""

BATCHES: Final = "/api/batches"
PLAN: Final = "/api/batches/plan"
TABLES: Final = frozenset({BATCHES, PLAN})
"""Paths that accept a table: in JSON, or as a file of a form. Agents send theirs to `/mcp`, in JSON alone."""

WEBHOOK_BYTES: Final = 1_048_576
"""Maximum body of a webhook: outputs and inputs of one prediction."""

CODEC_BYTES: Final = 4_194_304
"""Maximum body with encrypted payloads: Temporal stores up to 2 MB in one, which base64 makes a third longer."""

TEMPLATES_BYTES: Final = 4_194_304
"""Of an import of templates: all of an owner's fit into it as they were exported, because the record holds no more
(`templates_fit`)."""

TABLE_BYTES: Final = 16_777_216
"""Maximum body with a table: the most rows of a batch, with long prompts."""

ENVELOPE_BYTES: Final = 16_384
"""Overhead allowed for the form around an uploaded file."""

DISCARDED_BYTES: Final = 67_108_864
"""The rest of a refused body is discarded as it arrives, so that the caller gets the response: closing the connection
instead often loses it. A longer body is not drained."""

BODY_SECONDS: Final = 10
"""Timeout for receiving a body; uploads have a longer one, and so have tables."""

TABLE_SECONDS: Final = 60

IN_FLIGHT_BYTES: Final = 33_554_432
"""Maximum bytes of JSON bodies, as many of webhooks, of tables and of agents' calls, that all requests of one process
hold together."""

CUT_OFF: Final = {"Connection": "close"}
"""Set on a response that closes the connection without reading the rest of the body."""

BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass
class Room:
    """The bytes of incomplete or unanswered bodies in this process."""

    most: int
    taken: int = 0

    def take(self, size: int) -> bool:
        """Reserve that many bytes; return whether there was room."""
        self.taken += size
        return self.taken <= self.most


@dataclass(frozen=True)
class BodyRules:
    """The limits of one installation, in bytes. Uploads are limited by their slots instead."""

    json_bytes: int
    upload_bytes: int
    json_room: Room = field(default_factory=lambda: Room(IN_FLIGHT_BYTES))
    webhook_room: Room = field(default_factory=lambda: Room(IN_FLIGHT_BYTES))
    table_room: Room = field(default_factory=lambda: Room(IN_FLIGHT_BYTES))
    agent_room: Room = field(
        default_factory=lambda: Room(IN_FLIGHT_BYTES)
    )  # a call holds it while its table has the other

    @classmethod
    def of(cls, settings: Settings) -> BodyRules:
        """Return the rules that the settings define."""
        most = settings.max_body_bytes
        return cls(most, settings.upload_max_bytes, json_room=Room(max(IN_FLIGHT_BYTES, most)))

    def refusal(self, method: str, path: str, headers: Headers) -> Refusal | None:
        """Return why a body is refused before it is read, or None."""
        if "transfer-encoding" not in headers and headers.get("content-length", "0") == "0":
            return None
        if _length(headers) > self._most_bytes(method, path):
            return Refusal(_too_large(method, path))
        return None if _form_allowed(method, path, headers) else Refusal("unsupported_media_type")

    @contextmanager
    def limited(self, method: str, path: str, receive: Receive) -> Iterator[Receive]:
        """Yield a `receive` that refuses a body that grows too large, arrives too slowly, or finds no room."""
        room = None if _is_upload(method, path) else self._room(method, path)
        within = TABLE_SECONDS if _takes_table(method, path) else BODY_SECONDS
        body = _Body(receive, self._most_bytes(method, path), _too_large(method, path), room, within)
        try:
            yield body.receive
        finally:
            body.release()

    def _room(self, method: str, path: str) -> Room:
        if path == MCP:
            return self.agent_room
        if _takes_table(method, path):
            return self.table_room
        return self.webhook_room if path.startswith(WEBHOOKS) else self.json_room

    def _most_bytes(self, method: str, path: str) -> int:
        if _is_upload(method, path):
            return self.upload_bytes + ENVELOPE_BYTES
        if _takes_table(method, path):
            return TABLE_BYTES
        if path == DECODE:
            return CODEC_BYTES
        if path == IMPORT:
            return max(TEMPLATES_BYTES, self.json_bytes)
        return WEBHOOK_BYTES if path.startswith(WEBHOOKS) else self.json_bytes


class _Body:
    """One body being received."""

    def __init__(self, receive: Receive, most: int, too_large: str, room: Room | None, within: float) -> None:
        self._receive = receive
        self._most = most
        self._too_large = too_large
        self._room = room
        self._within = within
        self._size = 0
        self._held = 0
        self._whole = False
        self._by: float | None = None

    async def receive(self) -> Message:
        """Return the next message; a body's are within all limits."""
        if self._whole or self._room is None:
            message = await self._receive()
        else:
            message = await self._in_time()
        piece = len(message.get("body", b""))
        self._size += piece
        self._whole = not message.get("more_body", False)
        if self._size > self._most:
            raise Refused(self._too_large, headers=CUT_OFF if self._room is None else None)
        if self._room is not None:
            self._held += piece
            if not self._room.take(piece):
                raise Refused("overloaded", headers=CUT_OFF)
        return message

    def release(self) -> None:
        """Release the reserved bytes."""
        if self._room is not None:
            self._room.taken -= self._held

    async def _in_time(self) -> Message:
        if self._by is None:
            self._by = asyncio.get_running_loop().time() + self._within
        try:
            async with asyncio.timeout_at(self._by):
                return await self._receive()
        except TimeoutError:
            raise Refused("body_too_slow", headers=CUT_OFF) from None


def is_endless(headers: Headers) -> bool:
    """Return whether a declared body is too long to drain."""
    return _length(headers) > DISCARDED_BYTES


def _length(headers: Headers) -> int:
    """Return the Content-Length; 0 if there is none (the server itself rejects a non-number)."""
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else 0


def _is_upload(method: str, path: str) -> bool:
    return method == "POST" and path in FORMS


def _takes_table(method: str, path: str) -> bool:
    return method == "POST" and (path in TABLES or path == MCP)


def _too_large(method: str, path: str) -> str:
    if _takes_table(method, path):
        return "table_too_large"
    return "picture_too_large" if _is_upload(method, path) else "too_large"


def _form_allowed(method: str, path: str, headers: Headers) -> bool:
    if method not in BODY_METHODS or path.startswith(WEBHOOKS):
        return True
    header = MimeHeader()
    header["content-type"] = headers.get("content-type", "")
    if _is_upload(method, path):
        return header.get_content_type() == "multipart/form-data"
    if method == "POST" and path in TABLES and header.get_content_type() == "multipart/form-data":
        return True
    charset = str(header.get_param("charset", "utf-8")).lower()
    return header.get_content_type() == "application/json" and charset in {"utf-8", "utf8"}
