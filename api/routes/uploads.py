"""Pictures by upload: cleaned here, kept by WaveSpeed, used by their address."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.clock import now
from api.dependencies import ResourcesDep, UploadPlacesDep
from api.http.errors import problems
from api.schemas.bases import Answer
from api.uploads.form import FIELD, read_file
from api.uploads.pictures import PictureLimits, clean_picture

router = APIRouter(prefix="/api/uploads", tags=["uploads"])

KEPT: Final = timedelta(days=7)
"""How long WaveSpeed keeps what was uploaded."""

_PROBLEMS = problems(
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
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
                            "description": "JPEG, PNG or WebP, judged by its content.",
                        }
                    },
                }
            }
        },
    }
}
"""Described by hand, for the body is read by hand: FastAPI would read it whole before anything could wait."""


class UploadedPicture(Answer):
    """Where the picture is now: `url` can be used as `targetUrl`, in `refUrls` and in `input`.

    Whoever knows the address can open it. Size and type are those of the cleaned picture.
    """

    url: str
    content_type: str = Field(description="`image/jpeg` or `image/png`")
    width: int
    height: int
    size_bytes: int
    expires_at: datetime = Field(description="When WaveSpeed deletes it.")


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses={201: {"headers": {"Location": {"schema": {"type": "string"}}}}, **_PROBLEMS},
    openapi_extra=_FORM,
)
async def upload_picture(
    request: Request, response: Response, resources: ResourcesDep, places: UploadPlacesDep
) -> UploadedPicture:
    """Take a picture (JPEG, PNG, WebP), clean it of its metadata and put it where providers can open it.

    It is turned upright and converted to sRGB; WebP becomes PNG. Nothing of it is kept here.
    """
    settings, uploads = resources.settings, resources.uploads
    # Before anything is read: without a key nobody's work would be of use.
    uploads.require_key()
    limits = PictureLimits(settings.upload_max_bytes, settings.upload_max_pixels)
    async with places.place():
        picture = await places.decode(partial(clean_picture, await read_file(request, limits.max_bytes), limits))
        url = await uploads.upload(picture.data, picture.content_type)
    response.headers["Location"] = url
    return UploadedPicture(
        url=url,
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        size_bytes=len(picture.data),
        expires_at=now() + KEPT,
    )
