"""Parses a text that Grok wrote: finds the requested JSON object anywhere in it, or a refusal."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_FIELDS: Final = frozenset({"prompt", "prompts", "refusal"})

_READ_CHARACTERS: Final = 2_500_000
"""Maximum characters of a text: the most variants, each with the longest prompt and negative prompt and every character
escaped as two surrogates, are shorter."""

_OBJECTS_TRIED: Final = 16
"""How many opening braces of a text are tried as the start of the object."""

_DECODER: Final = json.JSONDecoder(strict=False)

_NO_REFUSAL: Final = frozenset({"", "-", "no", "none", "null", "n/a", "na", "false"})
"""What models write into a field that they mean to leave empty."""

_CANNOT: Final = r"(?:i|we)(?:'m| am| are)? ?(?:can(?:'t| ?not)|won't|will not|not able to|unable to|must decline)"
_EXCUSE = re.compile(
    rf"(?i)(?:(?:i'm |i am )?(?:very )?sorry|i apologi[sz]e|unfortunately)[,.;:]? (?:but )?{_CANNOT}\b"
    rf"|{_CANNOT} (?:assist|comply|fulfil|create|generate|provide|write|help (?:with|you))\b"
)
"""Beginnings of a text that is a refusal rather than a prompt."""


def message_texts(content: object) -> tuple[str, str]:
    """Return a message's text and its refusal, either of which may be a list of parts; empty if absent."""
    if isinstance(content, str):
        return content, ""
    texts, refusals = [], []
    for part in content if isinstance(content, list) else []:
        match part:
            case str() as text:
                texts.append(text)
            case {"type": "refusal", "refusal": str() as refusal}:
                refusals.append(refusal)
            case {"text": str() as text}:
                texts.append(text)
    return "".join(texts), " ".join(refusals)


def written_object(text: str) -> dict[str, Any] | None:
    """Return the requested object, whether alone, in a code fence or surrounded by text; None if there is none."""
    text = text[:_READ_CHARACTERS]
    at = -1
    for _ in range(_OBJECTS_TRIED):
        at = text.find("{", at + 1)
        if at < 0:
            break
        try:
            found, _end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and not _FIELDS.isdisjoint(found):
            return found
    return None


def refusal_in(written: dict[str, Any] | str) -> str | None:
    """Return the text of a refusal, from the object's own field or a text that begins like one; None for a prompt."""
    if isinstance(written, dict):
        refusal = written.get("refusal")
        if isinstance(refusal, str) and refusal.strip(" .").lower() not in _NO_REFUSAL:
            return refusal
    text = written.get("prompt") if isinstance(written, dict) else written
    if not isinstance(text, str):
        return None
    excuse = _EXCUSE.match(text.lstrip().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return text if excuse else None
