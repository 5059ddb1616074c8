"""Writes what Grok would: a plausible prompt derived from the question, identical for identical questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
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


NEGATIVE = "blurry, distorted, extra limbs, watermark, text"


def write_prompt(text: str, pictures: Sequence[str], variant: int = 0) -> str:
    """Return an English prompt for a user's text and images, told by what is seen in them; the last is the target.

    Without words of the user's it describes the target. Another `variant` has other light, framing and finish.
    """
    digest = sha256(f"{len(pictures)} {text}".encode() + bytes([variant] if variant else [])).digest()
    own = _subject(text)
    subject = own or (pictures[-1] if pictures else "The subject of the picture")
    sentences = [
        f"{subject}.",
        f"{LIGHTS[digest[0] % len(LIGHTS)].capitalize()}, {FRAMINGS[digest[1] % len(FRAMINGS)]};",
        f"{FINISHES[digest[2] % len(FINISHES)]}.",
    ]
    if pictures and own:
        sentences.append("Keep the pose, proportions and perspective of the target picture.")
    if len(pictures) > 1:
        sentences.append("Take materials and style from the reference pictures.")
    return " ".join(sentences)


def fill(
    schema: Mapping[str, Any], write: Callable[[int], str], place: int = 0, definitions: Mapping[str, Any] | None = None
) -> Any:
    """Return a value that is valid for a JSON schema: wherever it requires a string, what is written for that place.

    `definitions` are the whole schema's `$defs`. Entries of a list are places of their own; a property whose name
    begins with `negative` gets a negative prompt.
    """
    definitions = definitions or schema.get("$defs", {})
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            properties: Mapping[str, Any] = schema.get("properties", {})
            required = schema.get("required", properties)
            return {
                name: NEGATIVE if name.startswith("negative") else fill(part, write, place, definitions)
                for name, part in properties.items()
                if name in required
            }
        case "array":
            entries = range(max(1, schema.get("minItems", 1)))
            return [fill(schema.get("items", {}), write, at, definitions) for at in entries]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            text = write(place)
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
