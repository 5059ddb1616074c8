"""What an activity's lines take from a header."""

from __future__ import annotations

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter

from promptmill.temporal.log_context import HEADER, _carried


@pytest.mark.parametrize(
    "payload",
    [
        Payload(metadata={"encoding": b"json/plain"}, data=b"{"),
        Payload(metadata={"encoding": b"of/another"}, data=b"{}"),
        Payload(),
        PayloadConverter.default.to_payload({"owner": 1, "attempt": "9", "password": "hush"}),
        PayloadConverter.default.to_payload(["owner"]),
    ],
)
def test_a_header_that_says_nothing_to_us_stops_no_activity(payload: Payload) -> None:
    assert _carried({HEADER: payload}) == {}


def test_a_request_is_named() -> None:
    assert _carried({HEADER: PayloadConverter.default.to_payload({"request_id": "r", "x": "y"})}) == {"request_id": "r"}
