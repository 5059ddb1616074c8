"""Counts the scans of a JPEG without decoding it: each makes a decoder pass over the whole image again."""

from __future__ import annotations

import re
from typing import Final

MAX_SCANS: Final = 100
"""Cameras write one scan, progressive files about ten; a file of a few megabytes can hold a million."""

_END: Final = 0xD9
_SCAN: Final = 0xDA
_SEGMENT = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])", re.DOTALL)
"""A marker followed by a segment, or the end marker. Neither occurs within the pixel data."""


def has_too_many_scans(data: bytes) -> bool:
    """Return whether a JPEG has an excessive number of scans; data after its end does not count."""
    at, scans = 2, 0
    while scans <= MAX_SCANS and (found := _SEGMENT.search(data, at)) is not None:
        marker = found[1][0]
        if marker == _END:
            return False
        scans += marker == _SCAN
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return scans > MAX_SCANS
