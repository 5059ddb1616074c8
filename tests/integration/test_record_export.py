"""An owner's export: everything that is theirs, and nothing of anybody else."""

from __future__ import annotations

import json

import pytest

from tests.fixtures.erased import ended_job
from tests.fixtures.record import OWNER, Record, new_prompt_job


async def test_an_export_has_every_row_of_the_owner_and_says_that_it_is_whole(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptmill.store.export.JOBS", 2)
    ids = [await ended_job(record) for _ in range(5)]
    await record.store.prompts.accept(new_prompt_job())
    await record.accept(owner="team-b", prompt="of another team")
    await record.store.styles.set(OWNER, "house", "Calm.")

    text = "".join([page async for page in record.store.export.pages(OWNER)])

    lines = [json.loads(line) for line in text.splitlines()]
    kinds = [line["kind"] for line in lines]
    assert [line["data"]["id"] for line in lines if line["kind"] == "job"] == [str(one) for one in ids]
    counts = {kind: kinds.count(kind) for kind in kinds}
    events = await record.hand.fetchval(
        "SELECT count(*) FROM job_events AS e JOIN jobs AS j ON j.id = e.job_id WHERE j.owner = 'local'"
    )
    assert counts == {
        "job": 5,
        "promptJob": 6,
        "submission": 5,
        "event": events,
        "webhook": 5,
        "promptStyle": 1,
        "spending": 2,
        "end": 1,
    }
    assert lines[-1] == {"kind": "end", "lines": len(lines) - 1}
    assert "of another team" not in text
    assert "callback_token" not in text
    assert "key_fingerprint" not in text
