"""WaveSpeed's simulator remembers predictions: its history, and its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from promptmill.simulators.accounts import Timing
from promptmill.simulators.clock import now, rfc3339
from promptmill.simulators.serving import open_simulator
from promptmill.simulators.wavespeed.app import create_wavespeed_app
from promptmill.simulators.wavespeed.journal import Journal
from promptmill.simulators.wavespeed.predictions import KEPT_SECONDS
from tests.simulator_control import SimulatorControl
from tests.support import eventually, open_http
from tests.wavespeed_calls import EDIT, PICTURE, TURBO, history, result, submit


async def test_history_is_newest_first_and_filtered(wavespeed_http: httpx.AsyncClient) -> None:
    first = await submit(wavespeed_http, seed=1)
    second = await submit(wavespeed_http, EDIT, images=[PICTURE])
    third = await submit(wavespeed_http, seed=3)

    async def ids(**question: Any) -> list[str]:
        return [item["id"] for item in await history(wavespeed_http, **question)]

    tomorrow = rfc3339(now() + 86_400)
    assert await ids() == [third["id"], second["id"], first["id"]]
    assert await ids(page=2, page_size=2) == [first["id"]]
    assert await ids(model=EDIT) == [second["id"]]
    assert await ids(status="failed") == []
    assert await ids(status="completed", model=EDIT) == [second["id"]]
    assert await ids(created_after=tomorrow) == []
    assert len(await ids(created_before=tomorrow)) == 3


async def test_history_holds_inputs_only_when_asked(wavespeed_http: httpx.AsyncClient) -> None:
    await submit(wavespeed_http, seed=7)

    without, with_inputs = await history(wavespeed_http), await history(wavespeed_http, include_inputs=True)

    assert "inputs" not in without[0]
    assert with_inputs[0]["inputs"] == {"prompt": "a fox", "seed": 7}


@pytest.mark.parametrize(
    "question",
    [
        {"page_size": 10},
        {"page": 1},
        {"page": 0, "page_size": 10},
        {"page": 1, "page_size": 101},
        {"page": "1", "page_size": 10},
        {"page": 1, "page_size": 10, "status": "open"},
        {"page": 1, "page_size": 10, "created_after": "yesterday"},
    ],
)
async def test_wrong_history_question_is_400(wavespeed_http: httpx.AsyncClient, question: dict[str, Any]) -> None:
    answer = await wavespeed_http.post("/api/v3/predictions", json=question)

    assert (answer.status_code, answer.json()["code"]) == (400, 400)


async def test_prediction_can_stay_out_of_the_history(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "hidden")
    hidden, shown = await submit(wavespeed_http), await submit(wavespeed_http)
    await wavespeed_control.order("history", "hidden")

    empty, later = await history(wavespeed_http), await history(wavespeed_http)

    assert empty == []
    assert [item["id"] for item in later] == [shown["id"]]
    assert (await result(wavespeed_http, hidden["id"]))["status"] == "completed"


async def test_prediction_can_stay_out_of_the_history_for_a_while(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "hidden", seconds=0.5)
    hidden = await submit(wavespeed_http)

    assert await history(wavespeed_http) == []

    async def listed() -> bool:
        return [item["id"] for item in await history(wavespeed_http)] == [hidden["id"]]

    await eventually(listed)


async def test_history_can_lack_inputs(wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await submit(wavespeed_http)
    await wavespeed_control.order("history", "without_inputs")

    assert "inputs" not in (await history(wavespeed_http, include_inputs=True))[0]


async def test_predictions_and_their_charges_survive_a_restart(tmp_path: Path) -> None:
    journal = tmp_path / "simulator.jsonl"
    headers = {"Authorization": "Bearer somebody"}

    async def visit(url: str, path: str, **body: Any) -> Any:
        async with open_http(url, headers=headers) as client:
            return (await client.post(path, json=body) if body else await client.get(path)).json()["data"]

    at_once = Timing(min_seconds=0, max_seconds=0)
    async with open_simulator(create_wavespeed_app(at_once, journal=journal)) as simulator:
        submitted = await visit(simulator.url, f"/api/v3/{TURBO}", prompt="a fox")
    with journal.open("a") as file:
        file.write('{"id": "half a li')  # as a killed process leaves it
    async with open_simulator(create_wavespeed_app(at_once, journal=journal)) as simulator:
        again = await visit(simulator.url, f"/api/v3/predictions/{submitted['id']}/result")
        charges = await SimulatorControl(simulator.url, "somebody").charges()

    assert again["status"] == "completed"
    assert [charge["id"] for charge in charges] == [submitted["id"]]


async def test_predictions_are_forgotten_after_seven_days(tmp_path: Path) -> None:
    journal = tmp_path / "simulator.jsonl"
    at_once = Timing(min_seconds=0, max_seconds=0)
    async with (
        open_simulator(create_wavespeed_app(at_once, journal=journal)) as simulator,
        open_http(simulator.url, headers={"Authorization": "Bearer x"}) as client,
    ):
        submitted = await submit(client)
    line = journal.read_text()
    created = Journal(journal).load()[0].created_at
    journal.write_text(line.replace(f'"created_at": {created}', f'"created_at": {created - KEPT_SECONDS}'))

    async with (
        open_simulator(create_wavespeed_app(at_once, journal=journal)) as simulator,
        open_http(simulator.url, headers={"Authorization": "Bearer x"}) as client,
    ):
        answer = await client.get(f"/api/v3/predictions/{submitted['id']}/result")

    assert answer.status_code == 404
    assert journal.read_text() == ""
