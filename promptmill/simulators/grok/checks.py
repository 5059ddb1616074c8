"""What xAI rejects in a chat completion, and what this simulator does not support."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse

from promptmill.simulators.front_door import UNREADABLE
from promptmill.simulators.grok.catalogue import Model
from promptmill.simulators.grok.refusals import refusal

LARGEST_PICTURE = 20 * 1024 * 1024
SHORTEST_SIDE = 8
FEWEST_PIXELS = 512
ROLES = frozenset({"system", "user", "assistant", "tool", "developer"})
NOT_SIMULATED = ("stream", "deferred", "tools")
NOT_WHILE_REASONING = ("presence_penalty", "frequency_penalty", "stop")


def refuse_request(request: Request, body: Any) -> JSONResponse | None:
    """Return xAI's response to a malformed request, or None."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if body is None or content_type != "application/json":
        return refusal(415)
    if body is UNREADABLE or not isinstance(body, dict):
        return refusal(422)
    if not isinstance(body.get("model"), str) or not _are_messages(body.get("messages")):
        return refusal(422, "Failed to deserialize the JSON body into the target type: model and messages are needed.")
    if body.get("search_parameters"):
        return refusal(410)
    asked = next((name for name in NOT_SIMULATED if body.get(name)), None)
    return refusal(501, f"{asked} is not simulated.") if asked else None


def refuse_for_model(body: dict[str, Any], model: Model) -> JSONResponse | None:
    """Return xAI's response to a parameter that this model does not support, or None."""
    if model.reasoning:
        asked = next((name for name in NOT_WHILE_REASONING if body.get(name) is not None), None)
        if asked:
            return refusal(400, f"Model {model.id} does not support parameter {asked}.")
    effort = body.get("reasoning_effort")
    if effort is not None and effort not in model.efforts:
        return refusal(400, f"Model {model.id} does not support reasoning_effort {effort}.")
    return None


def refuse_pictures(body: dict[str, Any]) -> JSONResponse | None:
    """Return xAI's response to an unusable image, or None. Images on the web are not fetched."""
    for part in parts(body):
        if part.get("type") == "image_url":
            wrong = _problem_of_picture(address(part))
            if wrong:
                return refusal(400, wrong)
        elif part.get("type") != "text":
            return refusal(422, f"unknown content type {part.get('type')!r}")
    return None


def parts(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return all parts of all messages, in order; a plain text is one part."""
    for message in body["messages"]:
        content = message.get("content")
        if isinstance(content, str):
            yield {"type": "text", "text": content}
        else:
            yield from (part for part in content or [] if isinstance(part, dict))


def _are_messages(messages: Any) -> bool:
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(isinstance(message, dict) and message.get("role") in ROLES for message in messages)
    )


def address(part: dict[str, Any]) -> str:
    """Return the address of an image part: on the web, or its data."""
    image = part.get("image_url")
    return str(image.get("url", "")) if isinstance(image, dict) else ""


def _problem_of_picture(url: str) -> str | None:
    if url.startswith(("http://", "https://")):
        return None
    head, _, data = url.partition(";base64,")
    if head not in ("data:image/jpeg", "data:image/jpg", "data:image/png"):
        return "Unsupported image: only JPEG and PNG are accepted, as a URL or as base64 data."
    try:
        raw = base64.b64decode(data, validate=True)
        with Image.open(BytesIO(raw), formats=("JPEG", "PNG")) as picture:
            width, height = picture.size
    except (binascii.Error, OSError):
        return "Could not process image: invalid_image."
    if len(raw) > LARGEST_PICTURE:
        return "The image is too large: at most 20 MiB."
    if min(width, height) < SHORTEST_SIDE or width * height < FEWEST_PIXELS:
        return "The image is too small."
    return None
