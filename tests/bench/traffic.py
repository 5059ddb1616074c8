"""A page's network traffic, as the browser's developer tools count it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

STREAM = "text/event-stream"


class Traffic:
    """Requests and bytes of one page since `begin`.

    Attributes:
        requests: Requests sent, including revalidations but not cache hits.
        received: Bytes received for them, including headers.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start counting; pending requests belong to the previous page."""
        self.requests = self.received = 0
        self._under_way: set[str] = set()

    @property
    def settled(self) -> bool:
        """Whether all responses are complete. A stream never ends: it counts as complete once it has started."""
        return not self._under_way

    async def watch(self, page: Page) -> None:
        """Watch a page, across all navigations."""
        session = await page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.responseReceived", self._on_response)
        session.on("Network.loadingFinished", self._on_end)
        session.on("Network.loadingFailed", self._on_end)
        await session.send("Network.enable")

    def _on_request(self, event: dict[str, Any]) -> None:
        if event.get("type") == "Document":  # what the page before still asked for is given up, and may never end
            self.begin()
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
        self.requests += received > 0  # cache hits have no bytes
        self.received += int(received)
