"""A request waits briefly for Temporal; the call itself goes on, and calls end while Temporal is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from temporalio.service import RPCError, RPCStatusCode

from promptmill.contracts.jobs import JobInput
from promptmill.temporal import TemporalGate, gate

JOB = cast("JobInput", UUID(int=1))


class Starter:
    """Starts when it may, and then raises what it is given."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.error: Exception | None = None
        self.asked = self.started = 0

    async def start_job(self, _job: JobInput, *, patience: timedelta) -> None:
        assert patience >= timedelta(seconds=gate.CALL_SECONDS)
        self.asked += 1
        await self.may.wait()
        if self.error is not None:
            raise self.error
        self.started += 1


@pytest.fixture
def starter() -> Starter:
    return Starter()


@pytest.fixture
def a_gate(starter: Starter) -> TemporalGate:
    return TemporalGate(cast("Any", None), cast("Any", starter), "queue", patience_seconds=0.01, breaker_seconds=60)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_call_that_takes_longer_than_the_request_goes_on(a_gate: TemporalGate, starter: Starter) -> None:
    assert await a_gate.start_job(JOB) is False

    starter.may.set()
    await settled()
    assert starter.started == 1
    assert await a_gate.start_job(JOB) is True, "slow is not away"


async def test_after_a_failed_call_none_is_made_for_a_while(a_gate: TemporalGate, starter: Starter) -> None:
    starter.error = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
    starter.may.set()

    assert [await a_gate.start_job(JOB) for _ in range(3)] == [False] * 3
    assert starter.asked == 1


async def test_a_call_that_never_ends_fails_like_any_other(
    a_gate: TemporalGate, starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "CALL_SECONDS", 0.02)

    assert await a_gate.start_job(JOB) is False
    await asyncio.gather(*a_gate._calls)
    starter.may.set()

    assert await a_gate.start_job(JOB) is False
    assert starter.asked == 1


async def test_a_refusal_is_an_error_of_the_request_that_waits_for_it(a_gate: TemporalGate, starter: Starter) -> None:
    starter.error = RPCError("no", RPCStatusCode.PERMISSION_DENIED, b"")
    starter.may.set()

    for _ in range(2):
        with pytest.raises(RPCError):
            await a_gate.start_job(JOB)


async def test_calls_under_way_are_bounded(
    a_gate: TemporalGate, starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MAX_CALLS", 3)

    assert [await a_gate.start_job(JOB) for _ in range(5)] == [False] * 5
    assert starter.asked == 3
    starter.may.set()
    await settled()
    assert starter.started == 3


async def test_one_call_that_hangs_does_not_stop_the_others_while_later_ones_succeed(
    a_gate: TemporalGate, starter: Starter
) -> None:
    assert await a_gate.start_job(JOB) is False
    (hanging,), hangs = a_gate._calls, starter.may
    a_gate.patience_seconds, starter.may = 60, asyncio.Event()
    starter.may.set()
    assert await a_gate.start_job(JOB) is True

    starter.error = RPCError("too late", RPCStatusCode.DEADLINE_EXCEEDED, b"")
    hangs.set()
    assert await hanging is False
    starter.error = None

    assert await a_gate.start_job(JOB) is True


async def test_a_refusal_is_logged_if_its_request_is_cancelled_at_that_moment(
    a_gate: TemporalGate, starter: Starter
) -> None:
    a_gate.patience_seconds = 60
    request = asyncio.create_task(a_gate.start_job(JOB))
    await settled()
    (call,) = a_gate._calls
    call.add_done_callback(lambda _: request.cancel())
    starter.error = RPCError("no", RPCStatusCode.PERMISSION_DENIED, b"")

    with capture_logs() as logged:
        starter.may.set()
        await settled()

    assert request.cancelled()
    assert [line["event"] for line in logged] == ["temporal_refused"]


async def test_a_request_that_is_cancelled_leaves_its_call_running(a_gate: TemporalGate, starter: Starter) -> None:
    request = asyncio.create_task(a_gate.start_job(JOB))
    await settled()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request

    starter.may.set()
    await settled()
    assert starter.started == 1
