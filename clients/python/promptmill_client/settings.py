"""Where the API is, and how it is called: arguments first, then the environment."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, NamedTuple

import httpx

from promptmill_client.messages import Call, in_header, values
from promptmill_client.streams import SILENCE_SECONDS

URL: Final = "PROMPTMILL_URL"
API_KEY: Final = "PROMPTMILL_API_KEY"
DEFAULT_URL: Final = "http://127.0.0.1:3000"
OWNER: Final = "Promptmill-Owner"


class Address(NamedTuple):
    """One installation, and who calls it.

    Attributes:
        url: Where it is, with the prefix that it is published under.
        api_key: The key; None where nobody needs one.
        owner: The owner that an admin acts for.
    """

    url: str
    api_key: str | None
    owner: str | None

    @classmethod
    def of(cls, url: str | None, api_key: str | None, owner: str | None) -> Address:
        """Return what is given, or what the environment says; an empty key is none.

        Raises:
            ValueError: The address is not one of the web, or the key or the owner cannot be sent.
        """
        address = (os.environ.get(URL) or DEFAULT_URL if url is None else url).rstrip("/")
        if not address.startswith(("http://", "https://")):
            raise ValueError(f"{address!r} is no address: it begins with https:// or http://.")
        try:
            httpx.URL(address)
        except httpx.InvalidURL as error:
            raise ValueError(f"{address!r} is no address: {error}.") from None
        key = os.environ.get(API_KEY) if api_key is None else api_key
        return cls(
            address, in_header(key, "An API key") if key else None, in_header(owner, "An owner") if owner else None
        )

    def request(self, call: Call[Any], timeout: httpx.Timeout) -> httpx.Request:
        """Return a call as a request. Who calls is told to the API alone."""
        headers = {"User-Agent": _AGENT, **call.headers}
        if not call.elsewhere:
            headers |= {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
            headers |= {OWNER: self.owner} if self.owner else {}
        return httpx.Request(
            call.method,
            call.path if call.elsewhere else f"{self.url}{call.path}",
            params=values(call.params) or None,
            json=call.body,
            files=call.form,
            headers=headers,
            extensions={"timeout": timeout.as_dict()},
        )


def timeouts(seconds: float) -> httpx.Timeout:
    """Return the limits of a usual request."""
    return httpx.Timeout(seconds, connect=min(seconds, 10.0))


def stream_timeouts(seconds: float) -> httpx.Timeout:
    """Return those of a stream, which may be silent between heartbeats."""
    return httpx.Timeout(seconds, connect=min(seconds, 10.0), read=SILENCE_SECONDS)


def _agent() -> str:
    try:
        return f"promptmill-client/{version('promptmill-client')}"
    except PackageNotFoundError:
        return "promptmill-client"


_AGENT: Final = _agent()
