"""`promptmill canary` against the simulators, and against providers that deviate in one point each."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import pytest
import typer
from typer.testing import CliRunner
from uuid_utils import uuid7

from promptmill.canary.asking import Waits
from promptmill.canary.assumptions import ASSUMPTIONS, Assumption, Verdict
from promptmill.canary.receiver import open_receiver
from promptmill.canary.report import Report
from promptmill.canary.run import Plan, run_canary
from promptmill.cli import app
from promptmill.cli.canary import canary
from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.local.ports import LOOPBACK, free_port
from tests.deviating import HOOK, Deviating, Told, open_deviating
from tests.fixtures.session import ROOT
from tests.fixtures.simulators import Simulators
from tests.markdown import MarkdownPage

PLAN = Plan(Decimal("0.05"), waits=Waits(result=0, books=0, webhook=0.5, pause=0))
PATIENT = replace(PLAN, waits=Waits(result=30, books=30, webhook=30, pause=0.05))
MODEL = "wavespeed-ai/z-image/turbo"
FREE_POSTS = {"/api/v3/model/price", "/api/v3/predictions", "/api/v3/billings/search"}

PATHS = {
    "balance": "/api/v3/balance",
    "wrong key": "/api/v3/balance",
    "models": "/api/v3/models",
    "listed": "/api/v3/models",
    "price": "/api/v3/model/price",
    "secret": "/api/v3/webhook/secret",
    "submit": "/api/v3/wavespeed-ai/",
    "result": "/result",
    "looks": "/result",
    "unknown result": "/00000000000000000000000000000000/result",
    "history": "/api/v3/predictions",
    "row": "/api/v3/predictions",
    "billing": "/api/v3/billings/search",
    "bill": "/api/v3/billings/search",
    "webhook": HOOK,
    "webhook headers": HOOK,
    "key": "/v1/api-key",
    "grok models": "/v1/models",
    "grok model": "/v1/language-models",
    "completion": "/v1/chat/completions",
}
"""The path of each call, or a part that no other has."""

SIGNATURE = "webhook headers: webhook-signature"
TOKENS = ("prompt_tokens", "completion_tokens", "completion_tokens_details.reasoning_tokens")
FOLLOWS: dict[str, set[str]] = {
    "submit: data.id": {"submit: data.urls.get"},
    "webhook headers: webhook-id": {"webhook headers: webhook-timestamp", SIGNATURE},
    "webhook headers: webhook-timestamp": {SIGNATURE},
    SIGNATURE: {"webhook headers: webhook-timestamp"},
    **{each.name: {SIGNATURE} for each in ASSUMPTIONS if each.call == "webhook"},
    "result: data.status": {"looks: statuses"},
    "grok models: data": {"grok models: data.0.id"},
    **{f"completion: usage.{name}": {"completion: usage.total_tokens"} for name in TOKENS},
}
"""What else must deviate with a row, because it is compared with it."""

ENDS = {
    *("models: data", "submit: data.id", "result: data.status", "history: data.items", "billing: data.items"),
    *("grok model: prompt_text_token_price", "grok model: completion_text_token_price"),
}
"""Rows without which nothing can follow: each gets a run of its own."""


def rounds() -> Iterator[tuple[Assumption, ...]]:
    """Yield rows whose deviations are tried at the same time: one of each answer."""
    yield from ((row,) for row in ASSUMPTIONS if row.name in ENDS)
    of_call: dict[str, list[Assumption]] = {}
    for row in ASSUMPTIONS:
        if row.name not in ENDS:
            answer = "webhook" if row.call.startswith("webhook") else PATHS[row.call]
            of_call.setdefault(answer, []).append(row)
    yield from (tuple(filter(None, rows)) for rows in zip_longest(*of_call.values()))


@pytest.fixture(scope="module")
def wavespeed(simulators: Simulators) -> Iterator[Deviating]:
    with open_deviating(simulators.wavespeed.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def grok(simulators: Simulators) -> Iterator[Deviating]:
    with open_deviating(simulators.grok.url) as opened:
        yield opened


def settings_of(wavespeed: str | None = None, grok: str | None = None) -> Settings:
    """Return settings of accounts of their own."""
    environ = {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_SIMULATED_ONLY": "true"}
    for name, base in (("WAVESPEED", wavespeed), ("XAI", grok)):
        environ[f"{name}_API_BASE"] = base or "http://127.0.0.1:9"
        if base:
            environ[f"{name}_API_KEY"] = f"key-of-a-canary-{uuid7()}"
    return load_settings(environ)


def deviating(report: Report) -> set[str]:
    return {row.name for row in report.rows if row.verdict is Verdict.DEVIATES}


def change(rows: tuple[Assumption, ...]) -> Callable[[Told], None]:
    """Return the change of one field of each answer."""
    looks: list[str] = []

    def to(told: Told) -> None:
        for row in rows:
            if not is_about(row, told):
                continue
            if row.call == "looks":
                looks.append(told.body["data"]["status"])
                told.body["data"]["status"] = "brewing" if len(looks) == 1 else looks[-1]
            elif row.path == "HTTP":
                told.status = 299
            elif row.call == "webhook headers":
                del told.headers[row.path]
            else:
                for part in parts_of(row.call, told.body):
                    put(part, row.path)

    return to


def is_about(row: Assumption, told: Told) -> bool:
    """Return whether an answer is the one that a row is about."""
    path = PATHS[row.call]
    if path == PATHS["balance"] and (row.call == "wrong key") != ("bad-key" in told.key):
        return False
    if row.call in {"result", "looks"} and told.path.endswith(PATHS["unknown result"]):
        return False
    return told.path.startswith(path) if row.call == "submit" else told.path.endswith(path)


def parts_of(call: str, body: Any) -> list[Any]:
    match call:
        case "listed":
            return [entry for entry in body["data"] if entry["model_id"] == MODEL]
        case "grok model":
            return list(body["models"])
        case "row" | "bill":
            return list(body["data"]["items"])
    return [body]


def put(part: Any, path: str) -> None:
    """Put something of another type in a place."""
    *steps, last = path.split(".")
    for step in steps:
        part = part[int(step)] if step.isdecimal() else part[step]
    place: Any = int(last) if last.isdecimal() else last
    there = part.get(place) if isinstance(part, dict) else part[place]
    part[place] = [7] if isinstance(there, dict) else {"odd": 7}


async def test_the_simulators_hold_every_assumption_for_one_paid_request_each(
    wavespeed: Deviating, grok: Deviating
) -> None:
    settings = settings_of(wavespeed.url, grok.url)
    wavespeed.posts.clear()
    grok.posts.clear()
    said: list[str] = []
    port = free_port()
    plan = replace(PATIENT, callback_url=f"http://127.0.0.1:{port}", callback_port=port)

    def name_a_field_by_the_key(told: Told) -> None:
        if told.path == PATHS["balance"] and isinstance(told.body.get("data"), dict):
            told.body["data"][told.key.removeprefix("Bearer ")] = 1

    wavespeed.change = name_a_field_by_the_key
    try:
        report = await run_canary(settings, plan, said.append)
    finally:
        wavespeed.change = lambda _: None

    assert {row.name: row for row in report.rows if row.verdict is not Verdict.HOLDS} == {}
    assert (report.ok, report.stopped, report.paid) == (True, (), ("Grok", "WaveSpeed"))
    assert [path for path in wavespeed.posts if path.endswith(report.model)] == [f"/api/v3/{report.model}"]
    assert grok.posts == ["/v1/chat/completions"]
    assert all(report.marker in sentence for sentence in said)
    assert Decimal(report.quoted_usd or "1") + Decimal(report.grok_at_most_usd or "1") < PLAN.max_cost
    told = report.model_dump_json()
    for secret in (settings.wavespeed_api_key, settings.xai_api_key):
        assert secret is not None
        assert secret.get_secret_value() not in told
    assert "http://" not in told
    assert "whsec_" not in told.replace("begins with whsec_", "")


@pytest.mark.parametrize("rows", [*rounds()], ids=lambda rows: rows[0].name)
async def test_each_deviation_is_found_and_nothing_else(
    rows: tuple[Assumption, ...], wavespeed: Deviating, grok: Deviating
) -> None:
    port = free_port()
    alone = {row.name for row in rows} & ENDS
    plan = replace(
        PATIENT,
        waits=replace(PATIENT.waits, result=0, books=0, webhook=0) if alone else PATIENT.waits,
        model=None if alone else MODEL,
        callback_url=f"http://127.0.0.1:{port}",
        callback_port=port,
    )
    both = (wavespeed, grok)
    for provider in both:
        provider.posts.clear()
        provider.change = change(rows)
    try:
        report = await run_canary(settings_of(wavespeed.url, grok.url), plan, lambda _: None)
    finally:
        for provider in both:
            provider.change = lambda _: None

    expected = {row.name for row in rows}.union(*(FOLLOWS.get(row.name, set()) for row in rows))
    assert {row.name: row.seen for row in report.rows if row.name in deviating(report) ^ expected} == {}
    assert not report.ok
    assert grok.posts in ([], ["/v1/chat/completions"])
    assert sum(path not in FREE_POSTS for path in wavespeed.posts) <= 1


def test_every_row_is_tried_and_names_who_relies_on_it() -> None:
    assert sorted(row.name for rows in rounds() for row in rows) == sorted(row.name for row in ASSUMPTIONS)
    assert len({row.name for row in ASSUMPTIONS}) == len(ASSUMPTIONS)
    assert {row.relies for row in ASSUMPTIONS if not (ROOT / row.relies).is_file()} == set()


async def test_nothing_is_paid_above_the_limit_or_at_an_unknown_price(wavespeed: Deviating, grok: Deviating) -> None:
    async def refused(plan: Plan, **change: Any) -> Report:
        settings = settings_of(wavespeed.url, grok.url)
        wavespeed.posts.clear()
        grok.posts.clear()
        wavespeed.change = grok.change = change.get("change", lambda _: None)
        try:
            report = await run_canary(settings, plan, lambda _: None)
        finally:
            wavespeed.change = grok.change = lambda _: None
        assert (report.paid, report.ok, grok.posts) == ((), False, [])
        assert set(wavespeed.posts) <= {"/api/v3/model/price"}
        return report

    report = await refused(replace(PLAN, max_cost=Decimal("0.001")))
    assert report.stopped[0].endswith("and --max-cost allows $0.001.")

    def without_prices(told: Told) -> None:
        if told.path.endswith("model/price"):
            told.body["data"] = {"model_id": "some"}
        if told.path.endswith("language-models"):
            told.body["models"] = []

    report = await refused(PLAN, change=without_prices)
    assert [sentence.rpartition(" ")[0] for sentence in report.stopped] == [
        "Grok: xAI names no price of",
        "WaveSpeed: WaveSpeed names no price of",
    ]
    report = await run_canary(settings_of(wavespeed.url), replace(PLAN, model="nowhere/at-all"), print)
    assert (report.paid, report.stopped) == ((), ("WaveSpeed: WaveSpeed lists no nowhere/at-all.",))
    report = await run_canary(settings_of(f"http://{LOOPBACK}:{free_port()}"), PLAN, print)
    assert (report.paid, [sentence.partition(": ")[2].partition(":")[0] for sentence in report.stopped]) == (
        (),
        ["no list of models"],
    )


def test_a_delivery_that_breaks_off_is_not_the_one() -> None:
    with open_receiver("https://example.com/here", 0) as receiver:
        path = f"/here/{receiver.path}"
        for told, body, answer in (("9", b"{}", b"404"), ("9" * 5_000, b"", b"404"), ("2", b"{}", b"200")):
            with socket.create_connection((LOOPBACK, receiver.port), timeout=30) as caller:
                caller.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {told}\r\n\r\n".encode() + body)
                caller.shutdown(socket.SHUT_WR)
                assert caller.recv(100).split()[1] == answer
        assert receiver.delivery is not None
        assert receiver.delivery.body == b"{}"


async def test_a_lost_answer_is_not_repeated_and_says_how_it_is_found(wavespeed: Deviating) -> None:
    wavespeed.posts.clear()
    wavespeed.cut = lambda path: path.startswith("/api/v3/wavespeed-ai/")
    try:
        report = await run_canary(settings_of(wavespeed.url), PLAN, lambda _: None)
    finally:
        wavespeed.cut = lambda _: False
    assert sum(path.startswith("/api/v3/wavespeed-ai/") for path in wavespeed.posts) == 1
    assert (report.paid, report.ok) == (("WaveSpeed",), False)
    assert "It is not repeated. It may have been charged" in report.stopped[0]
    assert report.marker in report.stopped[0]
    assert {row.verdict for row in report.rows if row.name.startswith("result")} == {Verdict.NOT_SEEN}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
async def test_an_interrupted_one_tells_what_it_paid_for(number: signal.Signals, wavespeed: Deviating) -> None:
    looked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def never_ends(told: Told) -> None:
        if told.path.endswith("/result") and not told.path.endswith(PATHS["unknown result"]):
            told.body["data"]["status"] = "processing"
            loop.call_soon_threadsafe(looked.set)

    port = free_port()
    plan = replace(PATIENT, callback_url=f"http://{LOOPBACK}:{port}", callback_port=port)
    wavespeed.change = never_ends
    try:
        running = asyncio.create_task(run_canary(settings_of(wavespeed.url), plan, lambda _: None))
        await looked.wait()
        os.kill(os.getpid(), number)
        report = await running
    finally:
        wavespeed.change = lambda _: None
    assert (report.paid, report.ok) == (("WaveSpeed",), False)
    assert report.stopped[0].startswith("WaveSpeed: it was interrupted. It is not repeated.")
    assert report.marker in report.stopped[0]


async def test_a_wait_for_the_webhook_ends_with_the_canary() -> None:
    with open_receiver("https://example.com", 0) as receiver:
        waiting = asyncio.create_task(asyncio.to_thread(receiver.arrived.wait, 30))
        await asyncio.sleep(0)
    assert await waiting


async def test_nothing_more_is_paid_once_grok_has_cost_too_much(wavespeed: Deviating, grok: Deviating) -> None:
    def dear(told: Told) -> None:
        if told.path == PATHS["completion"]:
            told.body["usage"]["cost_in_usd_ticks"] = 10**10

    wavespeed.posts.clear()
    grok.change = dear
    try:
        report = await run_canary(settings_of(wavespeed.url, grok.url), PLAN, lambda _: None)
    finally:
        grok.change = lambda _: None
    assert (report.paid, set(wavespeed.posts)) == (("Grok",), {"/api/v3/model/price"})
    assert report.stopped[0].startswith("Nothing more was paid: it may cost $1.0")


async def test_nothing_is_paid_whose_marker_cannot_be_shown(wavespeed: Deviating, grok: Deviating) -> None:
    def full(_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    grok.posts.clear()
    report = await run_canary(settings_of(wavespeed.url, grok.url), PLAN, full)
    assert (report.paid, report.ok, grok.posts) == ((), False, [])
    assert report.stopped[0].endswith("its marker cannot be shown: No space left on device.")


async def test_without_a_key_or_an_address_of_its_own_nothing_begins() -> None:
    with pytest.raises(ConfigurationError, match="There is no key to try"):
        await run_canary(settings_of(), PLAN, print)
    with pytest.raises(ConfigurationError, match="PROMPTMILL_SIMULATED_ONLY is set"):
        settings_of("https://api.wavespeed.ai")
    real = settings_of("http://127.0.0.1:9").model_copy(update={"wavespeed_api_base": "https://wavespeed.invalid"})
    with pytest.raises(ConfigurationError, match="--callback-url must be a public https address"):
        await run_canary(real, replace(PLAN, callback_url="http://example.com"), print)
    with pytest.raises(ConfigurationError, match="--callback-port must be the port"):
        await run_canary(real, replace(PLAN, callback_url="https://example.com"), print)


def test_the_command_refuses_without_a_limit_and_prints_the_report(
    simulators: Simulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAVESPEED_API_BASE", simulators.wavespeed.url)
    monkeypatch.setenv("XAI_API_BASE", simulators.grok.url)
    monkeypatch.setenv("XAI_API_KEY", f"key-of-a-canary-{uuid7()}")
    assert "--max-cost" in CliRunner().invoke(app, ["canary"]).output
    [command] = [
        block.code for block in MarkdownPage.of(ROOT / "docs" / "deployment.md").blocks if block.info == "sh canary"
    ]
    done = CliRunner().invoke(app, command.partition(" > ")[0].split()[1:])
    report = json.loads(done.stdout)
    assert (done.exit_code, report["paid"]) == (0, ["Grok"])
    assert {row["verdict"] for row in report["rows"] if row["name"].startswith("balance")} == {"not seen"}

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched, contextlib.redirect_stderr(io.StringIO()) as errors:
        patched.setattr("sys.stdout", Full())
        with pytest.raises(typer.Exit) as end:
            canary(max_cost="0.05", as_json=True)
    assert end.value.exit_code == 1
    assert "the report cannot be written (No space left on device)" in errors.getvalue()
    assert "Paid requests: Grok." in errors.getvalue()
    shown = CliRunner().invoke(app, ["canary", "--max-cost", "0"])
    assert (shown.exit_code, "Nothing was paid" in shown.stdout) == (1, True)
