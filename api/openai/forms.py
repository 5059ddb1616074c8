"""Reads the form of `POST /v1/images/edits`, and makes its pictures and its mask fit for providers."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from PIL import Image
from pydantic import ValidationError

from api.http.errors import invalid, short_name
from api.schemas.fields import REF_URLS
from api.schemas.openai import ImageRequest
from api.uploads.form import read_form
from api.uploads.pictures import CleanPicture, PictureLimits, clean_picture
from promptmill.strict_json import InvalidJson, parse, text_error

MOST_FIELDS: Final = 40
MOST_FILES: Final = 17
"""As many pictures as at OpenAI, and a mask. A job takes fewer, which is said when they are counted."""

_PICTURES: Final = frozenset({"image", "image[]"})
_MASK: Final = "mask"
_OPAQUE: Final = 255
_HALF: Final = 128


@dataclass(frozen=True)
class EditForm:
    """A request with its pictures, as they were sent."""

    request: ImageRequest
    pictures: tuple[bytes, ...]
    mask: bytes | None

    @property
    def content(self) -> Any:
        """What the request says, in short: of files, their digests."""
        files = [hashlib.sha256(data).hexdigest() for data in (*self.pictures, self.mask or b"")]
        return [self.request.model_dump(mode="json"), files]


async def read_edit(request: Request, max_bytes: int) -> EditForm:
    """Read the form.

    Raises:
        Refused: As in `read_form`; it has another file, or lacks the picture.
        RequestValidationError: A field is wrong.
    """
    fields: dict[str, Any] = {}
    pictures: list[bytes] = []
    mask: bytes | None = None
    parts = await read_form(request, max_files=MOST_FILES, max_fields=MOST_FIELDS, max_bytes=max_bytes)
    for name, value in parts:
        if isinstance(value, str) and name not in _PICTURES | {_MASK}:
            _add(fields, name, value)
        elif isinstance(value, bytes) and name in _PICTURES:
            pictures.append(value)
        elif isinstance(value, bytes) and name == _MASK and mask is None:
            mask = value
        else:
            raise invalid(f"/{short_name(name)}", "Files are the pictures, in `image` or `image[]`, and one `mask`.")
    if not pictures:
        raise invalid("/image", "Send the picture to change as a file, in `image` or `image[]`.")
    if len(pictures) > REF_URLS:
        raise invalid("/image", f"Send {REF_URLS} pictures at most.")
    try:
        return EditForm(ImageRequest.model_validate(fields), tuple(pictures), mask)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


def _add(fields: dict[str, Any], name: str, text: str) -> None:
    why = text_error(name) or text_error(text)
    if why is not None or name in fields:
        raise invalid(f"/{short_name(name)}", f"The field {why}." if why else "Is given twice.")
    if name in ImageRequest.model_fields:
        fields[name] = text or None
        return
    # A form has texts alone; what a model's own input is, its value says.
    fields[name] = text
    with suppress(InvalidJson):
        value = parse(text)
        if isinstance(value, bool | int | float):
            fields[name] = value


def clean_mask(data: bytes, limits: PictureLimits) -> CleanPicture:
    """Return a mask as WaveSpeed's models read it: white where the picture may change, black elsewhere.

    OpenAI's is transparent there instead; one without transparency is taken as it is.

    Raises:
        Refused: As in `clean_picture`.
    """
    picture = clean_picture(data, limits)
    with Image.open(BytesIO(picture.data), formats=("PNG", "JPEG")) as opened:
        alpha = opened.convert("RGBA").getchannel("A")
    if alpha.getextrema()[0] == _OPAQUE:
        return picture
    written = BytesIO()
    alpha.point([_OPAQUE] * _HALF + [0] * _HALF).save(written, "PNG")
    return CleanPicture(written.getvalue(), "image/png", picture.width, picture.height)
