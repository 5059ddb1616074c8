"""Every fault that can be injected really happens, once, where it should, and is charged or not as it should be."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from promptmill.simulators.accounts import Timing
from promptmill.simulators.faults import CONTENT_KINDS, EXCHANGE_KINDS
from promptmill.simulators.serving import open_simulator
from promptmill.simulators.wavespeed.app import create_wavespeed_app
from tests.markdown import MarkdownPage
from tests.simulator_control import SimulatorControl
from tests.support import open_http

SUBMIT = "/api/v3/wavespeed-ai/z-image/turbo"
CHAT = "/v1/chat/completions"
QUESTION = {"model": "grok-4.3", "messages": [{"role": "user", "content": "a fox"}]}
WHEN = ["before", "after"]
PAID = {"before": 0, "after": 1}
BROKEN = {
    "cut": httpx.RemoteProtocolError,
    "reset": httpx.ReadError,
    "cut_body": httpx.RemoteProtocolError,
}


async def submit(client: httpx.AsyncClient, prompt: str = "a fox") -> httpx.Response:
    return await client.post(SUBMIT, json={"prompt": prompt})


@pytest.mark.parametrize("kind", ["cut", "reset"])
@pytest.mark.parametrize("when", WHEN)
async def test_cut_submit_is_charged_only_when_cut_after(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, kind: str, when: str
) -> None:
    """The two cases of an ambiguous submission: the caller sees the same, the ledger tells them apart."""
    await wavespeed_control.order("submit", kind, after=when == "after")

    with pytest.raises(BROKEN[kind]):
        await submit(wavespeed_http)

    assert len(await wavespeed_control.charges()) == len(await wavespeed_control.predictions()) == PAID[when]
    assert [request["status"] for request in await wavespeed_control.requests("submit")] == [0]
    assert (await submit(wavespeed_http)).status_code == 200


async def test_answer_can_break_in_its_middle(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "cut_body")

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        await submit(wavespeed_http)
    assert len(await wavespeed_control.charges()) == 1


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        ({"kind": "status", "status": 500}, 500, '{"code":500,"message":"internal server error"}'),
        ({"kind": "status", "status": 429, "retry_after": "7"}, 429, '{"code":429,'),
        ({"kind": "status", "status": 200, "code": 403, "message": "no"}, 200, '{"code":403,"message":"no"}'),
        ({"kind": "status", "status": 403, "error_code": "role"}, 403, '{"code":403,"message":"insufficient role",'),
        ({"kind": "html", "status": 502}, 502, "<html>"),
        ({"kind": "empty", "status": 200}, 200, ""),
        ({"kind": "not_json", "status": 200}, 200, '{"code": 200, "da'),
    ],
)
async def test_wavespeed_answers_as_ordered(
    wavespeed_http: httpx.AsyncClient,
    wavespeed_control: SimulatorControl,
    fault: dict[str, Any],
    status: int,
    start: str,
    when: str,
) -> None:
    await wavespeed_control.order("submit", **fault, after=when == "after")

    answer = await submit(wavespeed_http)

    assert answer.status_code == status
    assert answer.text.startswith(start)
    assert bool(answer.text) is bool(start)
    assert answer.headers.get("retry-after") == fault.get("retry_after")
    assert len(await wavespeed_control.charges()) == PAID[when]


@pytest.mark.parametrize("when", WHEN)
async def test_held_request_waits_until_it_is_released(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, when: str
) -> None:
    await wavespeed_control.order("submit", "hold", after=when == "after")

    answer = asyncio.create_task(submit(wavespeed_http))
    await wavespeed_control.wait_held()
    held = (await wavespeed_control.requests("submit"))[0]
    charged_while_held = len(await wavespeed_control.charges())

    assert held["status"] is None
    assert charged_while_held == PAID[when]
    assert await wavespeed_control.release() == 1
    assert (await answer).json()["data"]["id"] == (await wavespeed_control.charges())[0]["id"]


async def test_held_request_can_be_cut(wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.order("submit", "hold", after=True)

    answer = asyncio.create_task(submit(wavespeed_http))
    await wavespeed_control.wait_held()
    await wavespeed_control.release("cut")

    with pytest.raises(httpx.RemoteProtocolError):
        await answer
    assert len(await wavespeed_control.charges()) == 1


async def test_caller_that_hangs_up_is_charged_all_the_same(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "hold")
    with pytest.raises(httpx.ReadTimeout):
        await wavespeed_http.post(SUBMIT, json={"prompt": "a fox"}, timeout=httpx.Timeout(5, read=0.2))

    assert await wavespeed_control.charges() == []
    await wavespeed_control.release()

    assert len(await wavespeed_control.charges()) == 1


async def test_delay_takes_its_time(wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.order("balance", "delay", seconds=0.3)

    first = await wavespeed_http.get("/api/v3/balance")
    second = await wavespeed_http.get("/api/v3/balance")

    assert first.elapsed.total_seconds() >= 0.3 > second.elapsed.total_seconds()


PLACES = [
    ("result", "GET", "/api/v3/predictions/0123456789abcdef0123456789abcdef/result"),
    ("history", "POST", "/api/v3/predictions"),
    ("balance", "GET", "/api/v3/balance"),
    ("models", "GET", "/api/v3/models"),
    ("price", "POST", "/api/v3/model/price"),
    ("secret", "GET", "/api/v3/webhook/secret"),
    ("upload", "POST", "/api/v3/media/uploads"),
]


@pytest.mark.parametrize(("where", "method", "path"), PLACES)
async def test_fault_hits_its_own_place_alone(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl, where: str, method: str, path: str
) -> None:
    await wavespeed_control.order(where, "status", status=504)

    statuses = {
        place: (await wavespeed_http.request(its_method, its_path)).status_code
        for place, its_method, its_path in PLACES
    }

    assert [place for place, status in statuses.items() if status == 504] == [where]
    assert (await wavespeed_http.request(method, path)).status_code != 504


async def test_fault_hits_as_often_as_ordered(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("balance", "status", status=500, times=2)

    statuses = [(await wavespeed_http.get("/api/v3/balance")).status_code for _ in range(3)]

    assert statuses == [500, 500, 200]
    assert await wavespeed_control.hits() == 2


async def test_fault_hits_only_requests_that_contain_its_text(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("submit", "status", status=500, contains="badger")

    assert (await submit(wavespeed_http, "a fox")).status_code == 200
    assert (await submit(wavespeed_http, "a badger")).status_code == 500


async def test_seeded_probability_repeats_itself(
    wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    runs = []
    for _ in range(2):
        await wavespeed_control.clear_faults()
        await wavespeed_control.order("balance", "status", status=500, probability=0.5, seed=11)
        runs.append([(await wavespeed_http.get("/api/v3/balance")).status_code for _ in range(20)])

    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


async def test_accounts_do_not_meet(wavespeed_http: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    other = SimulatorControl(wavespeed_control.url, f"{wavespeed_control.key}-other")
    await other.order("submit", "cut")

    answer = await submit(wavespeed_http)

    assert answer.status_code == 200
    assert await other.charges() == await other.requests() == []
    headers = {"Authorization": f"Bearer {other.key}"}
    assert (await wavespeed_http.get(answer.json()["data"]["urls"]["get"], headers=headers)).status_code == 404


@pytest.mark.parametrize(
    "order",
    [
        {"where": "submit", "kind": "refusal"},
        {"where": "webhook", "kind": "cut"},
        {"where": "nowhere", "kind": "cut"},
        {"where": "chat", "kind": "cut"},
        {"where": "submit", "kind": "cut", "time": 2},
    ],
)
async def test_fault_that_cannot_happen_is_refused(wavespeed_control: SimulatorControl, order: dict[str, Any]) -> None:
    """A fault that never strikes makes a test unable to fail."""
    with pytest.raises(AssertionError, match="422"):
        await wavespeed_control.order(**order)


@pytest.mark.parametrize("shape", ["flat", "nested"])
async def test_grok_errors_have_both_shapes(
    grok_http: httpx.AsyncClient, grok_control: SimulatorControl, shape: str
) -> None:
    await grok_control.order(
        "chat", "status", status=429, message="slow down", nested=shape == "nested", retry_after="3"
    )

    answer = await grok_http.post(CHAT, json=QUESTION)

    body = answer.json()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert (body["error"]["message"] if shape == "nested" else body["error"]) == "slow down"
    assert await grok_control.charges() == []


async def test_grok_can_hide_an_error_inside_200(grok_http: httpx.AsyncClient, grok_control: SimulatorControl) -> None:
    await grok_control.order("chat", "status", status=200)

    answer = await grok_http.post(CHAT, json=QUESTION)

    assert answer.status_code == 200
    assert answer.json()["code"] == "The service is currently unavailable"


@pytest.mark.parametrize("when", WHEN)
async def test_cut_question_is_charged_only_when_cut_after(
    grok_http: httpx.AsyncClient, grok_control: SimulatorControl, when: str
) -> None:
    await grok_control.order("chat", "cut", after=when == "after")

    with pytest.raises(httpx.RemoteProtocolError):
        await grok_http.post(CHAT, json=QUESTION)
    assert len(await grok_control.charges()) == PAID[when]


@pytest.mark.parametrize(
    ("kind", "content", "finish_reason"),
    [("invalid_json", "The prompt", "stop"), ("cut_json", '{"pro', "length"), ("empty_content", "", "stop")],
)
async def test_grok_spoils_its_answer_as_ordered(
    grok_http: httpx.AsyncClient, grok_control: SimulatorControl, kind: str, content: str, finish_reason: str
) -> None:
    await grok_control.order("chat", kind)

    answer = await grok_http.post(CHAT, json={**QUESTION, "response_format": {"type": "json_object"}})

    choice = answer.json()["choices"][0]
    assert choice["finish_reason"] == finish_reason
    assert choice["message"]["content"].startswith(content)
    assert bool(choice["message"]["content"]) is bool(content)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        httpx.Response(200, text=choice["message"]["content"]).json()
    assert len(await grok_control.charges()) == 1


def test_every_kind_of_fault_has_a_test() -> None:
    """The kinds that this file, its neighbours, `test_provider_oddities.py` and `test_questions.py` inject."""
    exchange = {"cut", "reset", "cut_body", "hold", "delay", "status", "html", "empty", "not_json"}
    assert exchange == EXCHANGE_KINDS
    assert {where: len(kinds) for where, kinds in CONTENT_KINDS.items()} == {
        "submit": 8,
        "result": 2,
        "history": 2,
        "upload": 1,
        "webhook": 6,
        "chat": 12,
    }


def test_every_kind_of_fault_is_documented() -> None:
    page = MarkdownPage.of(Path(__file__).parents[2] / "docs" / "simulators.md")

    assert EXCHANGE_KINDS.union(*CONTENT_KINDS.values()) <= set(page.code)


async def test_stopping_simulator_cuts_what_is_held() -> None:
    app = create_wavespeed_app(Timing(min_seconds=0, max_seconds=0))
    async with open_simulator(app) as simulator:
        control = SimulatorControl(simulator.url, "somebody")
        await control.order("submit", "hold")
        headers = {"Authorization": "Bearer somebody"}
        client = open_http(simulator.url, headers=headers)
        answer = asyncio.create_task(submit(client))
        await control.wait_held()

    with pytest.raises(httpx.RemoteProtocolError):
        await answer
    await client.aclose()
