"""Styles: named ways in which Grok writes a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from promptmill.contracts.messages import Message

BUILT_IN: Final[Mapping[str, str]] = {
    "photographic": "A photograph: name the lens, the light, the depth of field and the film or sensor look. "
    "Real materials and believable imperfections; nothing painted or rendered.",
    "artistic": "A work of art: name the medium, the technique and the handling of line, texture and colour. "
    "Expression matters more than realism.",
    "technical": "A technical illustration: exact geometry, neutral light, plain background, clearly separated parts. "
    "No mood and no ornament.",
    "anime": "Anime: clean line art, flat or cel shading, expressive faces, a painted background and saturated colour.",
    "cinematic": "A frame of a film: name the shot size, the lens, the camera's position or movement, the motivated "
    "light and the colour grade. It tells a moment of a story.",
    "plain": "Plain words: say only what can be seen, in short sentences, without adjectives of mood or quality.",
}
"""What Grok is told for each style that everybody has, in the order in which they are shown."""

MOST_STYLES: Final = 50
"""The most styles that an owner has besides these."""


class StyleCount(Message):
    """How a style has fared with one model: its jobs of the last 30 days, and those of them liked and discarded."""

    style: str
    model: str
    jobs: int
    kept: int
    discarded: int
