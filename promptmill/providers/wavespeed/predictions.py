"""A prediction as WaveSpeed returns it, and its outputs in our vocabulary."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from promptmill.config.presets import kind_of
from promptmill.contracts.errors import cut
from promptmill.contracts.jobs import MediaKind, Output
from promptmill.contracts.messages import Message
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.texts import is_blank
from promptmill.providers.http.redaction import redact, storable
from promptmill.providers.wavespeed.answers import whole_code

RETENTION: Final = timedelta(days=7)
"""How long WaveSpeed keeps a prediction and its outputs, from its creation. In SQL: `wavespeed_retention()`."""

STATUS_CHARACTERS: Final = 100

COMPLETED: Final = "completed"
FAILED: Final = "failed"
DELETED: Final = "deleted"
STOPPED: Final = frozenset({"cancelled", "timeout", DELETED})

_RUNNING: Final = frozenset(
    {"created", "pending", "queued", "in_queue", "starting", "running", "processing", "in_progress"}
)
"""Statuses of an unfinished prediction, of WaveSpeed and similar APIs."""

_FAILURES: Final = {
    1200: ReasonCode.GENERATION_MODERATED,
    1400: ReasonCode.GENERATION_BAD_INPUT,
    1401: ReasonCode.GENERATION_BAD_INPUT,
    1402: ReasonCode.GENERATION_INPUT_UNREACHABLE,
    5000: ReasonCode.GENERATION_UNAVAILABLE,
    5003: ReasonCode.GENERATION_UNAVAILABLE,
}
"""WaveSpeed's codes of a failed prediction. Even a code that it calls temporary is final for this prediction."""

_MODERATION = re.compile(r"(?i)\b(content flagged|flagged as|moderation)\b")

_EXTENSIONS: Final = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"), MediaKind.IMAGE),
    **dict.fromkeys((".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v"), MediaKind.VIDEO),
    **dict.fromkeys((".mp3", ".wav", ".flac", ".ogg", ".m4a", ".aac", ".opus"), MediaKind.AUDIO),
    ".json": MediaKind.JSON,
    ".txt": MediaKind.TEXT,
}
_MAGIC: Final = (
    (0, b"\x89PNG", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (8, b"WAVE", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
)
"""Magic bytes by media type, with their offset."""

_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 9000

_HEAD_CHARACTERS: Final = 16
"""Characters of base64 for the twelve bytes that identify a file's type."""


class Prediction(Message):
    """The state of a prediction at WaveSpeed.

    Attributes:
        status: WaveSpeed's own status; anything but the known final ones means 'not finished'.
        outputs: What it generated. A completed prediction may have none.
        error: WaveSpeed's message about a failure, redacted and truncated.
        code: WaveSpeed's error code of the prediction, as in its error table.
    """

    id: str
    model: str = ""
    status: str
    outputs: tuple[Output, ...] = ()
    error: str | None = None
    code: int | None = None
    created_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether the prediction is final."""
        return self.status in {COMPLETED, FAILED} or self.status in STOPPED

    @property
    def unrecognized(self) -> bool:
        """Whether the status is neither a known running nor a known final one."""
        return not self.finished and self.status not in _RUNNING

    @property
    def reason_code(self) -> ReasonCode | None:
        """Why there is no media; None if it is not finished, or if there is."""
        if self.status == COMPLETED and not self.outputs:
            return ReasonCode.GENERATION_WITHOUT_OUTPUT
        if self.status in STOPPED:
            return ReasonCode.GENERATION_STOPPED
        if self.status != FAILED:
            return None
        if self.code in _FAILURES:
            return _FAILURES[self.code]
        moderated = _MODERATION.search(self.error or "")
        return ReasonCode.GENERATION_MODERATED if moderated else ReasonCode.GENERATION_FAILED


def read_prediction(data: dict[str, Any], *, asked_id: str, kind: MediaKind | None, key: str) -> Prediction:
    """Read a prediction object.

    Args:
        data: The object, from an envelope's `data` or a webhook's body. `status` must be a string.
        asked_id: Used if the object has no id.
        kind: What the model generates; None to infer it from the model's name.
        key: The secret to redact from the error.
    """
    model = storable(str(data.get("model") or ""))
    created_at = read_time(data.get("created_at"))
    error, code = data.get("error"), data.get("code")
    return Prediction(
        id=storable(str(data.get("id") or asked_id)),
        model=model,
        status=cut(storable(str(data.get("status"))).lower(), STATUS_CHARACTERS),
        outputs=_outputs(data, kind or kind_of(model), created_at),
        error=cut(redact(error if isinstance(error, str) else json.dumps(error), key)) if error else None,
        code=whole_code(code),
        created_at=created_at,
    )


def read_time(value: object) -> datetime | None:
    """Parse WaveSpeed's RFC 3339 times, which have nine fractional digits; None if it is not a plausible time.

    The year 1 stands for a missing time.
    """
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.strip()))
    except ValueError:
        return None
    if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _outputs(data: dict[str, Any], kind: MediaKind, created_at: datetime | None) -> tuple[Output, ...]:
    values = data.get("outputs")
    listed = values if isinstance(values, list) else [values]
    return tuple(
        _output(index, value, kind, _nsfw(data.get("has_nsfw_contents"), index), created_at)
        for index, value in enumerate(listed)
        # An empty entry is not an output.
        if value is not None and not (isinstance(value, str) and is_blank(value))
    )


def _nsfw(flags: object, index: int) -> bool | None:
    """Return the flag of one output; WaveSpeed sends a list, or nothing."""
    flag = flags[index] if isinstance(flags, list) and index < len(flags) else flags
    return flag if isinstance(flag, bool) else None


def _output(index: int, value: object, kind: MediaKind, nsfw: bool | None, created_at: datetime | None) -> Output:  # noqa: FBT001  # a fact, not a switch
    text = None
    if not isinstance(value, str):
        text = storable(json.dumps(value, ensure_ascii=False))
        named = value.get("url") if isinstance(value, dict) else None
        if not (isinstance(named, str) and _is_address(named)):
            return Output(index=index, kind=MediaKind.JSON, text=text, nsfw=nsfw)
        value = named
    value = storable(value)
    if _is_address(value):
        expires_at = created_at + RETENTION if created_at else None
        return Output(
            index=index, kind=_kind_of_url(value, kind), url=value, text=text, nsfw=nsfw, expires_at=expires_at
        )
    inline = _inline_type(value)
    if inline is not None:
        url = value if value.startswith("data:") else f"data:{inline};base64,{''.join(value.split())}"
        return Output(index=index, kind=_kind_of_type(inline, kind), url=url, nsfw=nsfw)
    return Output(index=index, kind=MediaKind.TEXT, text=value, nsfw=nsfw)


def _is_address(value: str) -> bool:
    return value.startswith(("https://", "http://"))


def _kind_of_url(url: str, kind: MediaKind) -> MediaKind:
    """Infer the kind from the file's extension; if it is unknown, use the model's kind."""
    try:
        extension = PurePosixPath(urlsplit(url).path).suffix.lower()
    except ValueError:
        return kind
    return _EXTENSIONS.get(extension, kind)


def _inline_type(value: str) -> str | None:
    """Return the media type of a data URL or of bare base64; None for anything else."""
    if value.startswith("data:"):
        return value[5:].partition(",")[0].partition(";")[0] or "text/plain"
    try:
        head = b64decode(value[:_HEAD_CHARACTERS], validate=True)
    except ValueError:
        return None
    return next((media_type for at, magic, media_type in _MAGIC if head[at:].startswith(magic)), None)


def _kind_of_type(media_type: str, kind: MediaKind) -> MediaKind:
    """Infer the kind from a media type such as `image/png`."""
    main = media_type.partition("/")[0]
    return MediaKind(main) if main in {"image", "video", "audio", "text"} else kind
