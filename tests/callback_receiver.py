"""A receiver of callbacks: what it got, and how it checks signatures, without the package."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from tests.raw_server import RawServer

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass(frozen=True)
class Delivery:
    """One request; header names in lower case."""

    request_line: str
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


def deliveries(server: RawServer) -> list[Delivery]:
    """Return what came, in order; each connection carries one request."""
    return [_delivery(bytes(connection.received)) for connection in server.connections if connection.requests]


def signed_by(delivery: Delivery, secret: str) -> bool:
    """Whether one of the signatures is this secret's."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    head = f"{delivery.headers['webhook-id']}.{delivery.headers['webhook-timestamp']}.".encode()
    wanted = base64.b64encode(hmac.new(key, head + delivery.content, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in delivery.headers["webhook-signature"].split(" ")


def _delivery(received: bytes) -> Delivery:
    head, _, content = received.partition(b"\r\n\r\n")
    request_line, *lines = head.decode().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Delivery(request_line, {name.lower(): value.strip() for name, _, value in pairs}, content)
