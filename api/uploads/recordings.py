"""Tells a video or a sound by how its file begins. It is passed on as it is: nothing here decodes it."""

from __future__ import annotations

import re
from typing import Final

_BEGINNINGS: Final = (
    (re.compile(rb".{4}ftypqt  ", re.DOTALL), "video/quicktime"),
    (re.compile(rb".{4}ftypM4[AB] ", re.DOTALL), "audio/mp4"),
    (re.compile(rb".{4}ftyp(?!avif|avis|hei[cfmsx]|hev[cx]|mi[af]1|msf1|crx )", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3.{0,60}webm", re.DOTALL), "video/webm"),
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"ID3|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]"), "audio/mpeg"),
)
"""How files of each type begin; pictures in the container of MP4 (AVIF, HEIC) are none."""


def recording_type(data: bytes) -> str | None:
    """Return the media type of a video or a sound; None for anything else."""
    return next((media_type for begins, media_type in _BEGINNINGS if begins.match(data)), None)
