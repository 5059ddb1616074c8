"""Image uploads: cleaned here, stored by WaveSpeed, used by URL."""

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
from api.http.errors import problems
from api.schemas.bases import Answer
from api.uploads.form import FIELD, read_file
from api.uploads.pictures import PictureLimits, clean_picture
from promptmill.contracts.access import Scope

router = APIRouter(prefix="/api/uploads", tags=["uploads"], dependencies=[needs(Scope.JOBS_WRITE)])

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
"""Described by hand, because the body is read by hand: FastAPI would read all of it before waiting for a slot."""


class UploadedPicture(Answer):
    """An uploaded image: `url` can be used as `targetUrl`, in `refUrls` and in `input`.

    Anyone who knows the URL can open it. Size and type are those of the cleaned image.
    """

    url: str = Field(description="Where it is.")
    content_type: str = Field(description="`image/jpeg` or `image/png`")
    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")
    size_bytes: int = Field(description="Bytes of the cleaned image.")
    expires_at: datetime = Field(description="When WaveSpeed deletes it.")


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses={201: {"headers": {"Location": {"schema": {"type": "string"}}}}, **_PROBLEMS},
    openapi_extra=_FORM,
)
async def upload_picture(
    *,
    request: Request,
    response: Response,
    resources: ResourcesDep,
    slots: UploadSlotsDep,
    limits: LimitsDep,
    owner: OwnerDep,
) -> UploadedPicture:
    """Upload an image (JPEG, PNG, WebP): strip its metadata and store it where providers can open it.

    It is rotated upright and converted to sRGB; WebP becomes PNG. No copy is kept here.
    """
    settings, uploads = resources.settings, resources.uploads
    # Before the body is read: without a key the work would be wasted.
    uploads.require_key()
    await limits.take_upload(owner, request.scope)
    size = PictureLimits(settings.upload_max_bytes, settings.upload_max_pixels)
    async with slots.hold():
        picture = await slots.decode(partial(clean_picture, await read_file(request, size.max_bytes), size))
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
