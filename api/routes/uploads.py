"""Image uploads: cleaned here, stored by WaveSpeed, used by URL."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.clock import now
from api.dependencies import ResourcesDep, UploadSlotsDep
from api.http.errors import problems
from api.schemas.bases import Answer
from api.uploads.form import FIELD, read_file
from api.uploads.pictures import PictureLimits, clean_picture

router = APIRouter(prefix="/api/uploads", tags=["uploads"])

KEPT: Final = timedelta(days=7)
"""How long WaveSpeed keeps uploads."""

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
                            "description": "JPEG, PNG or WebP, detected by content.",
                        }
                    },
                }
            }
        },
    }
}
"""Described manually, because the body is read manually: FastAPI would read all of it before it could wait."""


class UploadedPicture(Answer):
    """An uploaded image: `url` can be used as `targetUrl`, in `refUrls` and in `input`.

    Anyone who knows the URL can open it. Size and type are those of the cleaned image.
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
    request: Request, response: Response, resources: ResourcesDep, slots: UploadSlotsDep
) -> UploadedPicture:
    """Upload an image (JPEG, PNG, WebP): strip its metadata and store it where providers can open it.

    It is rotated upright and converted to sRGB; WebP becomes PNG. No copy is kept here.
    """
    settings, uploads = resources.settings, resources.uploads
    # Before the body is read: without a key the work would be wasted.
    uploads.require_key()
    limits = PictureLimits(settings.upload_max_bytes, settings.upload_max_pixels)
    async with slots.hold():
        picture = await slots.decode(partial(clean_picture, await read_file(request, limits.max_bytes), limits))
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
