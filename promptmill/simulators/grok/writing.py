"""Writes what Grok would: a plausible prompt derived from the question, identical for identical questions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

MAX_SUBJECT = 600
HEADING = re.compile(r"(instructions|prompt|existing prompt):\s*", re.IGNORECASE)
ABOUT_PICTURES = re.compile(r"images:", re.IGNORECASE)

LIGHTS = (
    "soft morning light from the left",
    "warm late-afternoon sun with long shadows",
    "even studio light with a gentle rim",
    "cool overcast daylight",
)
FRAMINGS = (
    "framed at eye level with a shallow depth of field",
    "a wide composition with room around the subject",
    "a close, centred composition",
    "a three-quarter view on the rule of thirds",
)
FINISHES = (
    "natural colours, fine texture, sharp focus",
    "muted palette, subtle film grain",
    "rich contrast, crisp detail, clean background",
    "delicate tones, realistic materials",
)


def write_prompt(text: str, pictures: int) -> str:
    """Return an English prompt for a user's text and a number of images, the last of which is the target."""
    digest = sha256(f"{pictures} {text}".encode()).digest()
    subject = _subject(text) or "The subject of the picture"
    sentences = [
        f"{subject}.",
        f"{LIGHTS[digest[0] % len(LIGHTS)].capitalize()}, {FRAMINGS[digest[1] % len(FRAMINGS)]};",
        f"{FINISHES[digest[2] % len(FINISHES)]}.",
    ]
    if pictures:
        sentences.append("Keep the pose, proportions and perspective of the target picture.")
    if pictures > 1:
        sentences.append("Take materials and style from the reference pictures.")
    return " ".join(sentences)


def fill(schema: Mapping[str, Any], text: str) -> Any:
    """Return a value that is valid for a JSON schema, with the text wherever it requires a string."""
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            properties: Mapping[str, Any] = schema.get("properties", {})
            required = schema.get("required", properties)
            return {name: fill(part, text) for name, part in properties.items() if name in required}
        case "array":
            return [fill(schema.get("items", {}), text) for _ in range(max(1, schema.get("minItems", 1)))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return text[: schema.get("maxLength", len(text))]


def user_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of the last user message."""
    nobody: Mapping[str, Any] = {}
    last = next((message for message in reversed(messages) if message.get("role") == "user"), nobody)
    content = last.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))


def _subject(text: str) -> str:
    """Return the user's own words: without headings and image roles, on one line, truncated."""
    lines = [HEADING.sub("", line.strip(), count=1) for line in text.splitlines()]
    sentences = [line.rstrip(".!? ") for line in lines if line and not ABOUT_PICTURES.match(line)]
    words = " ".join(". ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences).split())
    return words if len(words) <= MAX_SUBJECT else words[:MAX_SUBJECT].rsplit(" ", 1)[0]
