"""Uploads: images cleaned here, videos and sounds as they are; stored by WaveSpeed, used by URL."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.access.scopes import needs
from api.clock import now
from api.dependencies import LimitsDep, OwnerDep, ResourcesDep, UploadSlotsDep
from api.http.errors import WITH_BODY, problems
from api.schemas.bases import Answer
from api.uploads.form import FIELD, read_file
from api.uploads.pictures import PictureLimits, clean_picture
from api.uploads.recordings import recording_type
from promptmill.contracts.access import Scope

router = APIRouter(prefix="/api/uploads", tags=["uploads"], dependencies=[needs(Scope.JOBS_WRITE)])

KEPT: Final = timedelta(days=7)
"""How long WaveSpeed keeps uploads."""

_PROBLEMS = problems(
    HTTPStatus.REQUEST_TIMEOUT,
    *WITH_BODY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {
                        FIELD: {
                            "type": "string",
                            "format": "binary",
                            "description": "JPEG, PNG or WebP; MP4, MOV or WebM; MP3, WAV, Ogg, FLAC or M4A. "
                            "Detected by content.",
                        }
                    },
                }
            }
        },
    }
}
"""Described by hand, because the body is read by hand: FastAPI would read all of it before waiting for a slot."""


class UploadedFile(Answer):
    """An uploaded file: `url` can be used in `input`, and an image's as `targetUrl` and in `refUrls`.

    Anyone who knows the URL can open it. Size and type are those of the cleaned image.
    """

    url: str = Field(description="Where it is.")
    content_type: str = Field(description="`image/jpeg`, `image/png`, or a video's or sound's own.")
    width: int | None = Field(description="Pixels; null if it is no image.")
    height: int | None = Field(description="Pixels; null if it is no image.")
    size_bytes: int = Field(description="Bytes as they are stored.")
    expires_at: datetime = Field(description="When WaveSpeed deletes it.")


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses={201: {"headers": {"Location": {"schema": {"type": "string"}}}}, **_PROBLEMS},
    openapi_extra=_FORM,
)
async def upload_file(
    *,
    request: Request,
    response: Response,
    resources: ResourcesDep,
    slots: UploadSlotsDep,
    limits: LimitsDep,
    owner: OwnerDep,
) -> UploadedFile:
    """Upload an image, a video or a sound, and store it where providers can open it.

    An image loses its metadata, is rotated upright and converted to sRGB; WebP becomes PNG. A video or a sound is
    stored as it is, with all its metadata, such as who made it and where. No copy is kept here.
    """
    settings, uploads = resources.settings, resources.uploads
    # Before the body is read: without a key the work would be wasted.
    uploads.require_key()
    await limits.take_upload(owner, request.scope)
    size = PictureLimits(settings.upload_max_bytes, settings.upload_max_pixels)
    async with slots.hold():
        data = await read_file(request, size.max_bytes)
        media_type = recording_type(data)
        picture = None
        if media_type is None:
            picture = await slots.decode(partial(clean_picture, data, size))
            data, media_type = picture.data, picture.content_type
        url = await uploads.upload(data, media_type)
    response.headers["Location"] = url
    return UploadedFile(
        url=url,
        content_type=media_type,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        size_bytes=len(data),
        expires_at=now() + KEPT,
    )
