"""Uploads: a ticket, the PUT that it authorizes, and the URL of the uploaded file."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from promptmill.simulators.clock import now, rfc3339
from promptmill.simulators.front_door import Call
from promptmill.simulators.wavespeed.envelope import problem, success

LARGEST_FILE = 50 * 1024 * 1024
KEPT_BYTES = 256 * 1024 * 1024
TICKET_SECONDS = 900


class UploadQuestion(BaseModel):
    """The body of `POST /api/v3/media/uploads`."""

    filename: str = Field(min_length=1, max_length=255)
    size: int = Field(ge=1)
    content_type: str | None = None


@dataclass
class _Upload:
    size: int
    content_type: str
    expires_at: float
    data: bytes | None = None


@dataclass
class Uploads:
    """Uploaded files, in memory; the oldest are evicted when there are too many."""

    _uploads: OrderedDict[str, _Upload] = field(default_factory=OrderedDict)

    async def ticket(self, call: Call) -> Response:
        """Authorize one upload."""
        try:
            question = UploadQuestion.model_validate(call.body)
        except ValidationError as error:
            return problem(400, error.errors()[0]["msg"])
        if question.size > LARGEST_FILE:
            return problem(413)
        token = secrets.token_hex(16)
        fault = call.content_fault()
        lasts = -1 if fault and fault.kind == "expired" else TICKET_SECONDS
        upload = _Upload(question.size, question.content_type or "application/octet-stream", now() + lasts)
        self._uploads[token] = upload
        instruction = {
            "method": "PUT",
            "url": f"{call.base}/upload/{token}",
            "headers": {"Content-Type": upload.content_type, "x-upload-ticket": token},
            "expires_at": rfc3339(upload.expires_at),
        }
        return success(
            {
                "type": upload.content_type.partition("/")[0],
                "download_url": f"{call.base}/files/{token}/{quote(question.filename)}",
                "filename": question.filename,
                "size": question.size,
                "upload": instruction,
            }
        )

    async def put(self, request: Request) -> Response:
        """Accept the bytes if ticket, headers and length match."""
        token = request.path_params["token"]
        upload = self._uploads.get(token)
        if upload is None or now() > upload.expires_at:
            return PlainTextResponse("the ticket has expired", 403)
        if request.headers.get("x-upload-ticket") != token or (
            request.headers.get("content-type") != upload.content_type
        ):
            return PlainTextResponse("the headers are not those of the ticket", 403)
        data = await request.body()
        if len(data) != upload.size:
            return PlainTextResponse("the length is not that of the ticket", 400)
        upload.data = data
        self._forget_oldest()
        return Response(status_code=200)

    async def get(self, request: Request) -> Response:
        """Serve an uploaded file to anyone who knows its URL."""
        upload = self._uploads.get(request.path_params["token"])
        if upload is None or upload.data is None:
            return PlainTextResponse("not found", 404)
        return Response(upload.data, media_type=upload.content_type)

    def _forget_oldest(self) -> None:
        while sum(len(upload.data or b"") for upload in self._uploads.values()) > KEPT_BYTES:
            self._uploads.popitem(last=False)
