"""What a page asks for over the network, as the browser's own tools count it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

STREAM = "text/event-stream"


class Traffic:
    """Requests and bytes of one page since `begin`.

    Attributes:
        requests: Those that left the browser, a question whether a file has changed included; not what its cache gave.
        received: Bytes that came back for them, headers included.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Count from here; what is still under way belongs to the page before."""
        self.requests = self.received = 0
        self._under_way: set[str] = set()

    @property
    def settled(self) -> bool:
        """Whether everything has come. A stream has no end: it counts as come when it has begun."""
        return not self._under_way

    async def watch(self, page: Page) -> None:
        """Listen to a page, over all that it will show."""
        session = await page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.responseReceived", self._on_response)
        session.on("Network.loadingFinished", self._on_end)
        session.on("Network.loadingFailed", self._on_end)
        await session.send("Network.enable")

    def _on_request(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self._under_way.add(event["requestId"])

    def _on_response(self, event: dict[str, Any]) -> None:
        if event["response"]["mimeType"] == STREAM:
            self._count(event["requestId"], event["response"]["encodedDataLength"])

    def _on_end(self, event: dict[str, Any]) -> None:
        self._count(event["requestId"], event.get("encodedDataLength", 0))

    def _count(self, request: str, received: float) -> None:
        if request not in self._under_way:
            return
        self._under_way.discard(request)
        self.requests += received > 0  # what came from a cache has no bytes
        self.received += int(received)
