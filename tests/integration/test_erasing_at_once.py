"""Two reconcilers erase at once, as when a pass is asked for during the scheduled one; and one of them dies of it."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from structlog.testing import capture_logs

from promptmill.contracts.names import job_workflow_id
from promptmill.temporal.erasing import delete_runs
from tests.fixtures.mill import Mill
from tests.support import eventually
from worker.build import build_activities

_NEXT_SWEEP = "UPDATE owner_erasures SET began_at = now(), requested_at = now() - interval '2 minutes'"
_NO_STARTER_LEFT = "UPDATE erasures SET due_at = now() - interval '1 minute'"


@pytest.mark.parametrize("dies", [False, True], ids=["both live", "one dies"])
async def test_two_reconcilers_erase_everything_of_an_owner_together(mill: Mill, *, dies: bool) -> None:
    ids = [await mill.create() for _ in range(2)]
    rows = [await mill.reaches(job_id, "completed") for job_id in ids]
    for job_id in ids:
        await mill.closes(mill.handle(job_id))
    await mill.store.erasures.erase_owner("local")
    await mill.wavespeed.order("delete", "hold", times=4)
    async with mill.changed() as other_mill:
        one, other = (build_activities(each.resources).erasures for each in (mill, other_mill))
        with capture_logs() as logs:
            first = asyncio.create_task(one.erase_pending())
            await mill.wavespeed.asked("delete", 2)
            second = asyncio.create_task(other.erase_pending())
            await mill.wavespeed.asked("delete", 4)
            if dies:
                first.cancel()
                await asyncio.wait([first])
            await mill.wavespeed.release(held=2 if dies else 4)
            await second
            await asyncio.wait([first])
            await mill.sql(f"{_NEXT_SWEEP}; {_NO_STARTER_LEFT}")

            async def complete() -> bool:
                await asyncio.gather(*(each.erase_pending() for each in (other, other if dies else one)))
                backlog = await mill.store.erasures.backlog()
                return (backlog.pending, backlog.owners) == (0, 0)

            await eventually(complete, what="nothing is left to be erased")

    assert first.cancelled() is dies
    assert [line for line in logs if line["log_level"] != "info"] == [], "nothing failed, and nothing had to wait"
    asked = Counter(request["body"]["ids"][0] for request in await mill.wavespeed.requests("delete"))
    assert asked.keys() == {row.prediction_id for row in rows}
    assert (await mill.wavespeed.book())["predictions"] == []
    assert all([await delete_runs(mill.client, job_workflow_id(job_id)) for job_id in ids])
    for job_id in ids:
        told = [event.detail["erased"] for event in await mill.store.jobs.events(job_id) if event.detail]
        assert told == ["requested", "done"]
        row = await mill.job(job_id)
        assert (row.prompt, row.erased_at is not None) == (None, True)
