"""Uploads to WaveSpeed: a ticket, then one PUT to the storage that it names. Free, and not retried."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
from pydantic import SecretStr

from promptmill.addresses import is_loopback_url
from promptmill.calls import provider_call
from promptmill.contracts.errors import (
    ConfigurationError,
    ProviderError,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
)
from promptmill.contracts.reasons import ReasonCode
from promptmill.metrics import uploaded_bytes
from promptmill.providers.http.answers import Answer, retry_after
from promptmill.providers.http.connections import key_problem, open_connection, plain_key
from promptmill.providers.wavespeed.answers import PROVIDER, codes
from promptmill.providers.wavespeed.tickets import Ticket, read_ticket
from promptmill.providers.wavespeed.unpaid import BASE_VARIABLE, KEY_VARIABLE, ask_unpaid

TICKET_SECONDS: Final = 15.0
PUT_SECONDS: Final = 120.0
"""Timeout of the transfer: 20 MiB at 2 Mbit/s."""

_ENDINGS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
}
"""What can be uploaded, and how its file's name ends."""

_TOO_LARGE: Final = 413
_SAID_NO: Final = {
    401: (ReasonCode.WAVESPEED_BAD_KEY, f"Set {KEY_VARIABLE} to a valid key."),
    403: (ReasonCode.WAVESPEED_FORBIDDEN, f"Check the account of {KEY_VARIABLE}: its status, permissions and quota."),
    402: (ReasonCode.WAVESPEED_NO_CREDIT, "Top up the account."),
    _TOO_LARGE: (ReasonCode.WAVESPEED_BAD_INPUT, "Upload a smaller image, or check the account's quota."),
}
"""Status or envelope code -> reason and advice, most specific first."""

_TEMPORARY: Final = frozenset({408, 409, 424, 425, 499})
_CLIENT_ERRORS: Final = range(400, 500)
_RATE: Final = 429


class WaveSpeedUploads:
    """Uploads files to WaveSpeed's storage. The API may use it: uploads are free."""

    def __init__(self, http: httpx.AsyncClient, *, base: str, api_key: SecretStr | None) -> None:
        """Take a client and the base URL."""
        self._http = http
        self._base = base.rstrip("/")
        self._key = plain_key(api_key)

    def require_key(self) -> None:
        """Check that there is a key.

        Raises:
            ConfigurationError: There is none.
        """
        problem = key_problem(self._key, KEY_VARIABLE)
        if problem:
            raise ConfigurationError(f"{problem} Images are uploaded to WaveSpeed: set it, or use URLs.")

    async def upload(self, content: bytes, content_type: str) -> str:
        """Upload a file of a known type and return its URL, valid for seven days.

        Raises:
            ConfigurationError: There is no key.
            ProviderRefused: WaveSpeed refused; the message is its own.
            ProviderRateLimited: A 429.
            ProviderAnswerUnusable: The ticket is not acceptable.
            ProviderUnavailable: WaveSpeed or its storage did not respond, or not as expected.
        """
        self.require_key()
        question = {
            # A random name: the caller's own may identify them, and is not needed.
            "filename": f"{secrets.token_hex(16)}.{_ENDINGS[content_type]}",
            "size": len(content),
            "content_type": content_type,
        }
        address = f"{self._base}/api/v3/media/uploads"
        with provider_call("wavespeed", "upload"):
            answer = await ask_unpaid(self._http, "POST", address, key=self._key, seconds=TICKET_SECONDS, body=question)
            if not all(httpx.codes.is_success(code) for code in codes(answer)):
                raise self._refusal(answer)
            ticket = read_ticket(answer, len(content), simulated=is_loopback_url(self._base))
            await self._put(ticket, content)
        uploaded_bytes.labels(content_type).inc(len(content))
        return ticket.download_url

    async def _put(self, ticket: Ticket, content: bytes) -> None:
        """Send the bytes. Only the response's status is reported: storage services quote what was signed."""
        try:
            async with (
                asyncio.timeout(PUT_SECONDS),
                self._http.stream("PUT", ticket.put_url, content=content, headers=ticket.headers) as response,
            ):
                status = response.status_code
        except (httpx.HTTPError, OSError) as error:
            raise _storage_unavailable(f"is unreachable ({type(error).__name__})") from None
        if status == _TOO_LARGE:
            raise ProviderRefused(ReasonCode.WAVESPEED_BAD_INPUT, "WaveSpeed's storage rejects files this large.")
        if not httpx.codes.is_success(status):
            raise _storage_unavailable(f"responded {status} and rejected the file")

    def _refusal(self, answer: Answer) -> ProviderError:
        seen = codes(answer)
        said = answer.sentence(PROVIDER, self._key)
        if _RATE in seen:
            return ProviderRateLimited(ReasonCode.WAVESPEED_RATE_LIMITED, said, retry_after=retry_after(answer.headers))
        if answer.from_firewall or seen & _TEMPORARY:
            return ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, said, retry_after=retry_after(answer.headers))
        for code, (reason, advice) in _SAID_NO.items():
            if code in seen:
                return ProviderRefused(reason, f"{said.rstrip('.')}. {advice}")
        if any(code in _CLIENT_ERRORS for code in seen):
            return ProviderRefused(ReasonCode.WAVESPEED_BAD_INPUT, said)
        return ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, said)


def _storage_unavailable(how: str) -> ProviderUnavailable:
    return ProviderUnavailable(
        ReasonCode.WAVESPEED_UNREACHABLE, f"WaveSpeed's upload storage {how}. Upload the image again."
    )


@asynccontextmanager
async def open_wavespeed_uploads(base: str, api_key: SecretStr | None) -> AsyncIterator[WaveSpeedUploads]:
    """Open a client and close its connections afterwards. Opens without a key.

    Raises:
        ConfigurationError: `base` is not a URL.
    """
    async with open_connection(base, timeout_seconds=PUT_SECONDS, variable=BASE_VARIABLE) as http:
        yield WaveSpeedUploads(http, base=base, api_key=api_key)
