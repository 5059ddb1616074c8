"""Counts the scans of a JPEG without decoding it: each makes a decoder pass over the whole picture once more."""

from __future__ import annotations

import re
from typing import Final

MOST_SCANS: Final = 100
"""Cameras write one scan, progressive files about ten; a file of some megabytes can hold a million."""

_END: Final = 0xD9
_SCAN: Final = 0xDA
_SEGMENT = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])", re.DOTALL)
"""A marker that a segment follows, or the end. Within the pixels no such pair of bytes stands."""


def has_too_many_scans(data: bytes) -> bool:
    """Return whether a JPEG has more scans than anyone needs; what hangs behind its end does not count."""
    at, scans = 2, 0
    while scans <= MOST_SCANS and (found := _SEGMENT.search(data, at)) is not None:
        marker = found[1][0]
        if marker == _END:
            return False
        scans += marker == _SCAN
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    return scans > MOST_SCANS
