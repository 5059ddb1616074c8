"""Callback receivers that fail, hang, redirect or are internal: retried or given up, while nothing else waits."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.client import WorkflowExecutionStatus

from promptmill.contracts.names import LOCAL_OWNER
from promptmill.local.ports import free_port
from tests.callback_receiver import deliveries
from tests.fixtures.callbacks import OK, callback, timeline, told, wait_briefly, working
from tests.fixtures.mill import PATIENCE, Mill
from tests.raw_server import LOOPBACK, Conduct, http_answer, open_raw_server
from tests.support import eventually


async def test_receiver_that_failed_is_told_again_with_the_same_id_and_body(
    idle_mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_briefly(monkeypatch)
    async with (
        open_raw_server(http_answer(500, "oops"), OK) as server,
        working(idle_mill) as mill,
    ):
        job_id = await mill.create(callback_url=server.url)
        result = await told(mill, job_id)

    first, second = deliveries(server)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.content == second.content
    assert (result["delivered"], result["attempts"]) == (True, 2)
    attempt, end = await timeline(mill, job_id)
    assert attempt == {
        "callback": "attempt",
        "attempt": 1,
        "statusCode": 500,
        "error": "The receiver responded 500: not 2xx.",
    }
    assert end == {"callback": "delivered", "attempts": 2, "statusCode": 200}


async def test_receiver_that_was_down_is_told_when_it_is_back(idle_mill: Mill, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_briefly(monkeypatch)
    port = free_port()
    async with working(idle_mill) as mill:
        job_id = await mill.create(callback_url=f"http://{LOOPBACK}:{port}/")
        await eventually(lambda: timeline(mill, job_id), what="a first attempt is noted")
        async with open_raw_server(OK, port=port) as server:
            result = await told(mill, job_id)

    assert result["delivered"]
    assert len(deliveries(server)) == 1


@pytest.mark.parametrize(("headers", "seconds"), [({}, 5), ({"Retry-After": "600"}, 600), ({"Retry-After": "1"}, 5)])
async def test_first_wait_is_five_seconds_or_longer_where_the_receiver_asks(
    mill: Mill, headers: dict[str, str], seconds: float
) -> None:
    async with open_raw_server(http_answer(503, headers=headers)) as server:
        job_id = await mill.create(callback_url=server.url)
        await eventually(lambda: timeline(mill, job_id), what="a first attempt is noted")

        async def wait() -> float | None:
            described = await callback(mill, job_id).describe(rpc_timeout=PATIENCE)
            (pending,) = described.raw_description.pending_activities
            if not pending.HasField("last_failure"):
                return None
            return (pending.next_attempt_schedule_time.seconds) - pending.last_attempt_complete_time.seconds

        assert await eventually(wait) == pytest.approx(seconds, abs=1)


async def test_gone_receiver_is_not_told_again(mill: Mill) -> None:
    async with open_raw_server(http_answer(410)) as server:
        job_id = await mill.create(callback_url=server.url)
        result = await told(mill, job_id)

    assert server.requests == 1
    assert (result["delivered"], result["status_code"]) == (False, 410)
    assert await timeline(mill, job_id) == [
        {
            "callback": "given_up",
            "attempts": 1,
            "statusCode": 410,
            "error": "The receiver asked not to be called again (410).",
        }
    ]


async def test_redirect_is_not_followed_and_said_loudly(idle_mill: Mill) -> None:
    async with (
        open_raw_server(OK) as inside,
        open_raw_server(http_answer(302, headers={"Location": inside.url})) as server,
        working(idle_mill, callback_give_up_seconds=0.1) as mill,
    ):
        job_id = await mill.create(callback_url=server.url)
        result = await told(mill, job_id)

    assert inside.connections == []
    assert not result["delivered"]
    assert "redirect" in result["error"]


@pytest.mark.parametrize("conduct", [Conduct.SILENCE, Conduct.CLOSE])
async def test_receiver_that_never_answers_holds_no_job_open_and_is_given_up(idle_mill: Mill, conduct: Conduct) -> None:
    async with (
        open_raw_server(conduct) as server,
        working(idle_mill, callback_give_up_seconds=1, callback_timeout_seconds=3) as mill,
    ):
        job_id = await mill.create(callback_url=server.url)
        await mill.reaches(job_id, "completed")
        assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.COMPLETED
        result = await told(mill, job_id)

    assert not result["delivered"]
    # An attempt that timed out before its request arrived still counts.
    assert result["attempts"] >= server.requests >= 1
    assert (await timeline(mill, job_id))[-1]["callback"] == "given_up"


async def test_hanging_receivers_leave_room_for_everything_else(idle_mill: Mill) -> None:
    """More of them than the worker has slots for unpaid activities: jobs still continue."""
    async with (
        open_raw_server(Conduct.SILENCE) as dead,
        working(idle_mill, callback_concurrency=2, callback_timeout_seconds=60, workflow_concurrency=6) as mill,
    ):
        hanging = [await mill.create(callback_url=dead.url) for _ in range(8)]
        for job_id in hanging:
            await mill.reaches(job_id, "completed")
        await eventually(lambda: dead.requests == 2, what="both places are taken")

        job_id = await mill.create(use_ai_prompt=True)

        await mill.reaches(job_id, "completed")
        assert dead.requests == 2


async def test_a_receiver_that_hangs_holds_its_places_only_and_what_waits_for_them_is_told_later(
    idle_mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting uses up no attempt, and another host is told while all places of this one are taken."""
    monkeypatch.setattr("activities.callbacks._POSTPONED", timedelta(seconds=1))
    async with (
        open_raw_server(Conduct.SILENCE, Conduct.SILENCE, OK) as dead,
        open_raw_server(OK) as alive,
        working(idle_mill, callback_concurrency_per_host=2, callback_timeout_seconds=60) as mill,
    ):
        hanging = [await ended_job(mill, dead.url) for _ in range(3)]
        await eventually(lambda: dead.requests == 2, what="both places are taken")
        waiting = await eventually(lambda: postponed(mill, hanging), what="one finds no place")

        assert (await told(mill, await ended_job(mill, elsewhere(alive.url))))["delivered"]
        assert dead.requests == 2

        dead.hang_up()
        result = await told(mill, waiting)

    assert (result["delivered"], result["attempts"]) == (True, 1)
    assert await timeline(mill, waiting) == [{"callback": "delivered", "attempts": 1, "statusCode": 200}]


async def test_an_owner_whose_receivers_hang_leaves_places_to_others(idle_mill: Mill) -> None:
    await idle_mill.store.access.add_owner("team-b")
    bounds = {"callback_concurrency_per_host": 2, "callback_concurrency_per_owner": 3}
    async with (
        open_raw_server(Conduct.SILENCE) as dead,
        open_raw_server(OK) as alive,
        working(idle_mill, callback_concurrency=4, callback_timeout_seconds=60, **bounds) as mill,
    ):
        for url in (dead.url, elsewhere(dead.url)):
            for _ in range(2):
                await ended_job(mill, url)
        await eventually(lambda: dead.requests == 3, what="all places of the owner are taken")

        result = await told(mill, await ended_job(mill, elsewhere(alive.url), owner="team-b"))

        assert dead.requests == 3
    assert (result["delivered"], result["attempts"]) == (True, 1)


async def ended_job(mill: Mill, url: str, owner: str = LOCAL_OWNER) -> UUID:
    """Begin the callback of a job that ended before it began, and return the job's id."""
    job_id = await mill.accept(callback_url=url, owner=owner)
    await mill.store.jobs.request_cancel(job_id, owner=owner)
    await mill.resources.starter.start_callback(job_id, patience=PATIENCE)
    return job_id


async def postponed(mill: Mill, job_ids: list[UUID]) -> UUID | None:
    """Return the job whose callback waits for a place at its host."""
    for job_id in job_ids:
        described = await callback(mill, job_id).describe(rpc_timeout=PATIENCE)
        for pending in described.raw_description.pending_activities:
            if "to the same host" in pending.last_failure.message:
                return job_id
    return None


def elsewhere(url: str) -> str:
    """Return the same server's URL by another host."""
    return url.replace(LOOPBACK, "localhost")


async def test_address_that_leads_inside_is_not_told(idle_mill: Mill) -> None:
    """Production rules: a URL accepted under other rules is checked again."""
    async with open_raw_server(OK) as server, working(idle_mill, allow_private_addresses=False) as mill:
        job_id = await mill.create(callback_url=server.url)
        result = await told(mill, job_id)

    assert server.connections == []
    assert not result["delivered"]
    assert result["error"].startswith("Not sent: the URL points to a private")
