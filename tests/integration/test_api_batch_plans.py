"""`POST /api/batches/plan` over HTTP: what a table would be and cost, and that nothing comes of it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import httpx
import pytest

from api.batches import bodies as table_bodies
from api.batches.costs import TOO_MANY
from api.http.bodies import TABLE_BYTES
from api.http.errors import Refused
from api.schemas.batches import FAULTS_TOLD
from promptmill.config.settings import Settings
from promptmill.contracts.budgets import INSTALLATION, BudgetPeriod
from promptmill.store import Store
from tests.fixtures.api import open_api
from tests.raw_server import http_answer, open_raw_server
from tests.simulator_control import SimulatorControl
from tests.support import eventually

PRESS = "simulated/poster-press/text-to-image"
TEMPLATE: dict[str, Any] = {"model": PRESS, "prompt": "a poster of {{subject}}", "input": {"quality": "print"}}
JSON = {"Content-Type": "application/json"}
ROW = {"subject": "a fox", "style": "comic", "num_images": 1}


@pytest.fixture
async def listed(shop: httpx.AsyncClient) -> httpx.AsyncClient:
    """An API that knows WaveSpeed's list: on a busy machine that takes longer than a request waits."""

    async def read() -> bool:
        return bool((await shop.get("/api/models")).json()["source"] == "wavespeed")

    await eventually(read, what="WaveSpeed's list")
    return shop


async def planned(client: httpx.AsyncClient, **wanted: Any) -> dict[str, Any]:
    answer = await client.post("/api/batches/plan", json={"template": TEMPLATE} | wanted)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(client: httpx.AsyncClient, **wanted: Any) -> dict[str, Any]:
    answer = await client.post("/api/batches/plan", json={"template": TEMPLATE, "rows": [ROW]} | wanted)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    return {"code": answer.json()["code"], **error}


async def test_a_plan_tells_rows_faults_and_prices_and_changes_nothing(
    listed: httpx.AsyncClient, store: Store, wavespeed_control: SimulatorControl
) -> None:
    table = (
        "subject;style;num_images;stile;key\r\n"
        "a fox;comic;1;;a\r\n"
        "an owl;comic;2;;b\r\n"
        "a hen;comic;2;;c\r\n"
        "a cat;oil;1;;d\r\n"
        ";comic;9;;e\r\n"
        "a dog;comic;1.5;;f\r\n"
        "a cow;comic;1;comic;a\r\n"
    )

    plan = await planned(listed, table=table)

    assert (plan["rows"], plan["faultyRows"], plan["faultCount"], plan["readable"]) == (7, 4, 5, True)
    assert [(one["line"], one["column"], one["value"], one["suggestion"]) for one in plan["faults"]] == [
        (4, "style", "oil", None),
        (5, "subject", None, None),
        (6, "num_images", "1.5", None),
        (7, "key", "a", None),
        (7, "stile", "comic", "style"),
    ]
    assert plan["faults"][0]["message"] == "Must be one of poster, comic, blueprint, photo."
    assert plan["faults"][2]["message"] == "Must be a whole number from 1 to 4."
    one, two = plan["prices"]
    assert (one["lines"], two["lines"], two["rows"]) == ([[1, 1]], [[2, 3]], 2)
    assert two["priceUsd"] == 2 * one["priceUsd"] > 0
    assert plan["cost"]["priceUsd"] == plan["cost"]["floorUsd"] == pytest.approx(5 * one["priceUsd"])
    assert (plan["cost"]["floor"], plan["cost"]["unknownRows"], plan["cost"]["promptsUsd"]) == (False, 0, 0)
    assert plan["duration"]["seconds"] is None
    assert "no recent jobs" in plan["duration"]["text"]
    assert len(await wavespeed_control.requests("price")) == 2, "rows of the same price are asked for once"
    assert await wavespeed_control.requests("submit") == []
    assert (await listed.get("/api/jobs")).json()["items"] == []


async def test_a_row_is_judged_exactly_as_a_job(listed: httpx.AsyncClient) -> None:
    rows: list[dict[str, Any]] = [
        {"model": "google/nano-banana/edit", "prompt": "a fox"},
        {"model": "google/nano-banana/edit", "prompt": "a fox", "targetUrl": "http://localhost/1.png"},
        {"model": "google/nano-banana/edit", "prompt": "x" * 10_001, "targetUrl": "https://a.example/1.png"},
        {"model": "google/nano-banana/edit", "targetUrl": "https://a.example/1.png"},
        {"model": "google/nano-banana/edit", "prompt": "a fox", "input": {"images": 5}},
    ]
    columns = {"prompt": "prompt", "targetUrl": "image", "images": "images"}
    for body in rows:
        single = (await listed.post("/api/jobs/create", json=body)).json()
        given = {"prompt": body.get("prompt"), "image": body.get("targetUrl")}
        template = {"model": body["model"], "input": body.get("input", {})}
        plan = await planned(listed, template=template, rows=[given])

        expected = [(columns[one["pointer"].split("/")[-1]], one["message"]) for one in single["errors"]]
        told = [(one["column"], one["message"]) for one in plan["faults"]]
        assert told == expected, body


@pytest.mark.parametrize(
    ("template", "pointer", "code"),
    [
        ({"model": "simulated/poster-pres/text-to-image"}, "/template/model", "invalid_request"),
        ({"model": 5}, "/template/model", "invalid_request"),
        ({"promt": "a fox"}, "/template/promt", "invalid_request"),
        ({"priority": 11}, "/template/priority", "invalid_request"),
        ({"callbackUrl": "ftp://a.example"}, "/template/callbackUrl", "invalid_request"),
        ({"useAiPrompt": "yes"}, "/template/useAiPrompt", "invalid_request"),
        ({"useAiPrompt": True, "style": "unheard of"}, "/template/style", "invalid_request"),
        ({"input": {"prompt": "a fox"}}, "/template/input/prompt", "invalid_request"),
        (
            {"parentJobId": "01890000-0000-7000-8000-000000000000", "relation": "edit"},
            "/template/parentJobId",
            "invalid_request",
        ),
        ({"promptJobId": "01890000-0000-7000-8000-000000000000"}, "/template/promptJobId", "invalid_request"),
    ],
    ids=str,
)
async def test_what_no_row_can_mend_is_refused_with_its_place_in_the_template(
    listed: httpx.AsyncClient, template: dict[str, Any], pointer: str, code: str
) -> None:
    found = await refused(listed, template=TEMPLATE | template)

    assert (found["pointer"], found["code"]) == (pointer, code)


@pytest.mark.parametrize(
    ("wanted", "pointer"),
    [
        ({"rows": None}, ""),
        ({"repeat": 0, "rows": None}, "/repeat"),
        ({"repeat": 10_001, "rows": None}, "/repeat"),
        ({"rows": [ROW] * 10_001}, "/rows"),
        ({"tableFormat": "csv"}, "/tableFormat"),
        ({"table": 5, "rows": None}, "/table"),
        ({"maxCost": 2}, "/maxCost"),
        ({"template": "a fox"}, "/template"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_request_that_is_none_names_its_field(
    listed: httpx.AsyncClient, wanted: dict[str, Any], pointer: str
) -> None:
    assert (await refused(listed, **wanted))["pointer"] == pointer


async def test_one_source_is_given(listed: httpx.AsyncClient) -> None:
    answer = await listed.post("/api/batches/plan", json={"template": TEMPLATE, "rows": [ROW], "repeat": 2})

    assert answer.status_code == 422
    assert {one["pointer"] for one in answer.json()["errors"]} == {"/rows", "/repeat"}


async def test_the_body_that_creates_a_batch_plans_it(listed: httpx.AsyncClient) -> None:
    body = {
        "template": TEMPLATE,
        "rows": [ROW],
        "maxCostUsd": 1,
        "key": "summer",
        "name": "Summer",
        "maxOpen": 3,
        "stopAfterFailures": 2,
        "priority": 7,
        "skipFaulty": True,
        "callbackUrl": "https://a.example/done",
        "prompts": {"mode": "each"},
    }

    plan = await planned(listed, **body)
    wrong = await refused(listed, callbackUrl="ftp://a.example")
    made = await listed.post("/api/batches", json=body)

    assert (plan["faults"], plan["cost"]["prompts"]) == ([], 1)
    assert wrong["pointer"] == "/callbackUrl"
    assert made.status_code == 202


async def test_each_source_makes_its_rows(listed: httpx.AsyncClient) -> None:
    plain = {"model": PRESS, "prompt": "a fox", "input": {"style": "comic", "quality": "print", "num_images": 1}}
    edit = {"model": "google/nano-banana/edit", "prompt": "a fox"}

    sources: list[tuple[dict[str, Any], dict[str, Any], int]] = [
        (TEMPLATE, {"table": '{"subject": "a fox", "style": "comic"}\n'}, 1),
        (TEMPLATE, {"matrix": {"subject": ["a fox", "an owl"], "style": ["comic", "photo"]}}, 4),
        (plain, {"repeat": 50}, 50),
        (edit, {"pictures": ["https://a.example/1.png", "https://a.example/2.png"]}, 2),
    ]
    for template, source, rows in sources:
        plan = await planned(listed, template=template, **source)
        assert (plan["rows"], plan["faults"]) == (rows, []), source


async def test_a_column_that_nothing_takes_is_one_fault(listed: httpx.AsyncClient, store: Store) -> None:
    """Else a misspelt column of a long table would leave no room for any other fault."""
    rows: list[dict[str, Any]] = [ROW | {"stile": "comic"}] * (FAULTS_TOLD + 5) + [ROW | {"num_images": 9}, ROW]

    plan = await planned(listed, rows=rows)
    made = await listed.post(
        "/api/batches", json={"template": TEMPLATE, "rows": rows[-4:], "maxCostUsd": 1, "skipFaulty": True}
    )
    skipped = (await listed.get(f"/api/batches/{made.json()['batchId']}/rows?state=faulty")).json()["items"]

    assert (plan["faultCount"], plan["faultyRows"]) == (2, FAULTS_TOLD + 6)
    assert [(one["line"], one["column"], one["suggestion"], one["rows"]) for one in plan["faults"]] == [
        (1, "stile", "style", FAULTS_TOLD + 5),
        (FAULTS_TOLD + 6, "num_images", None, 1),
    ]
    assert [(one["line"], one["rows"]) for one in made.json()["faults"]] == [(1, 2), (3, 1)]
    assert [[fault["column"] for fault in row["faults"]] for row in skipped] == [["stile"], ["stile"], ["num_images"]]


async def test_a_file_that_is_no_image_is_a_fault_of_its_row(
    shop_settings: Settings, wavespeed_control: SimulatorControl
) -> None:
    png = http_answer(206, b"\x89PNG\r\n\x1a\n" + bytes(100), {"Content-Type": "image/png"})
    page = http_answer(200, b"<!doctype html><p>Sign in", {"Content-Type": "text/html; charset=utf-8"})
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            open_api(shop_settings.model_copy(update={"allow_private_addresses": True}))
        )
        picture, web_page, gone, broken = [
            (await stack.enter_async_context(open_raw_server(answer))).url + "/1.png"
            for answer in (png, page, http_answer(404), http_answer(503))
        ]
        template = {"model": "google/nano-banana/edit", "prompt": "{{subject}}"}
        rows: list[dict[str, Any]] = [
            {"subject": "a fox", "image": picture},
            {"subject": "a fox", "image": web_page},
            {"image": gone},
            {"subject": "a fox", "images": f"{picture}|{gone}"},
            {"subject": "a fox", "image": broken},
        ]

        plan = await planned(client, template=template, rows=rows)
        made = await client.post("/api/batches", json={"template": template, "rows": rows, "maxCostUsd": 1})
        fixed = await client.post(
            "/api/batches/plan", json={"template": template | {"targetUrl": web_page}, "rows": [{"subject": "a fox"}]}
        )

    says = "Must be the URL of an image:"
    assert [(one["line"], one["column"], one["value"], one["message"]) for one in plan["faults"]] == [
        (2, "image", web_page, f"{says} this is text/html."),
        (3, "subject", None, "The row has no value for {{subject}}, which is to be filled in."),
        (4, "images", gone, f"{says} its server answers 404."),
    ]
    assert plan["warnings"] == ["image was not looked at: its server answered 503."]
    assert (made.status_code, made.json()["code"]) == (422, "faulty_rows")
    assert [one["pointer"] for one in fixed.json()["errors"]] == ["/template/targetUrl"]
    assert await wavespeed_control.requests("submit") == []


async def test_an_installation_without_a_way_out_looks_at_no_file(settings: Settings, temporal: object) -> None:
    template = {"model": "bytedance/seedream-v4", "prompt": "a fox", "useAiPrompt": True}

    async with open_api(settings.model_copy(update={"look_at_files": False})) as client:
        plan = await planned(client, template=template, rows=[{"image": "https://a.example/1.png"}])

    assert plan["faults"] == []
    assert [one.split(":")[0] for one in plan["warnings"]] == ["The images go to Grok only"]


async def test_pictures_that_nobody_would_see_are_faults(listed: httpx.AsyncClient) -> None:
    """A single job is only warned: of ten thousand, nobody would read the warnings before they are paid."""
    picture = "https://a.example/1.png"

    template = {"model": "bytedance/seedream-v4", "prompt": "a fox"}

    plain = await planned(listed, template=template, rows=[{"image": picture}])
    seen = await planned(listed, template=template | {"useAiPrompt": True}, rows=[{"image": picture}])

    [fault] = plain["faults"]
    assert (fault["line"], fault["column"], fault["value"]) == (1, "image", picture)
    assert "are not used" in fault["message"]
    assert seen["faults"] == []
    assert [one.split(":")[0] for one in seen["warnings"]] == ["The images go to Grok only", "image was not looked at"]
    assert (seen["cost"]["prompts"], seen["cost"]["promptsUsd"]) == (1, None)


async def test_a_form_is_the_same_request_with_its_table_as_a_file(listed: httpx.AsyncClient) -> None:
    table = b"\xef\xbb\xbfsubject,style,num_images\na fox,comic,1\n\xfc,comic,1\n"
    request = json.dumps({"template": TEMPLATE})

    async def sent(**files: Any) -> httpx.Response:
        return await listed.post("/api/batches/plan", files=files)

    for part in ((None, request), ("request.json", request, "application/json")):
        answer = await sent(request=part, table=("posters.csv", table, "text/csv"))
        assert answer.status_code == 200, answer.text
        [fault] = answer.json()["faults"]
        assert (fault["line"], fault["column"], fault["value"]) == (2, "subject", "\ufffd")
        assert "0xFC" in fault["message"]

    wrong: list[tuple[dict[str, Any], str]] = [
        ({"request": (None, request)}, "table_form"),
        ({"table": ("t.csv", table)}, "table_form"),
        ({"request": (None, request), "file": ("t.csv", table)}, "table_form"),
        ({"request": (None, "{"), "table": ("t.csv", table)}, "invalid_json"),
        ({"request": (None, json.dumps({"table": "a"})), "table": ("t.csv", table)}, "invalid_request"),
        ({"request": (None, "[]"), "table": ("t.csv", table)}, "invalid_request"),
    ]
    for files, code in wrong:
        answer = await sent(**files)
        assert (answer.status_code, answer.json()["code"]) == (422, code), files.keys()


async def test_a_large_table_passes_and_a_larger_one_does_not(
    listed: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = "x" * 11_000_000
    plan = await planned(listed, table=f"subject,style\na fox,comic\n{cell},comic\n")

    assert [(one["line"], one["column"]) for one in plan["faults"]] == [(2, "subject")]
    assert "11,000,000 characters" in plan["faults"][0]["message"]

    too_large = await listed.post("/api/batches/plan", content=b" " * (TABLE_BYTES + 1), headers=JSON)
    assert (too_large.status_code, too_large.json()["code"]) == (413, "table_too_large")

    monkeypatch.setattr(table_bodies, "MOST_VALUES", 1_000)
    endless = await listed.post("/api/batches/plan", content=b"[" + b"[]," * 1_000 + b"[]]", headers=JSON)
    assert (endless.status_code, endless.json()["code"]) == (413, "table_too_large")


async def test_whoever_waits_too_long_for_a_turn_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_bodies, "TURN_SECONDS", 0)
    turns = table_bodies.TableTurns()

    async with AsyncExitStack() as held:
        for _ in range(table_bodies.AT_ONCE):
            await held.enter_async_context(turns.hold("team"))
        with pytest.raises(Refused, match="Too many tables"):
            await held.enter_async_context(turns.hold("team"))
    async with turns.hold("team"):
        pass


async def test_one_owners_tables_do_not_hold_back_anothers() -> None:
    turns = table_bodies.TableTurns()
    order = []
    may_end = asyncio.Event()

    async def read(owner: str) -> None:
        async with turns.hold(owner):
            order.append(owner)
            await may_end.wait()

    async with asyncio.TaskGroup() as tables:
        many = [tables.create_task(read("many")) for _ in range(table_bodies.AT_ONCE + 3)]
        await asyncio.sleep(0)
        tables.create_task(read("one"))
        await asyncio.sleep(0)
        left = many[-1]
        left.cancel()  # its caller is gone: it holds nothing, and takes no turn
        assert order == ["many"] * table_bodies.AT_ONCE
        may_end.set()
    assert order == [*["many"] * table_bodies.AT_ONCE, "one", "many", "many"]


async def test_many_faults_are_counted_and_the_first_ones_told(listed: httpx.AsyncClient) -> None:
    plan = await planned(listed, rows=[{"subject": "a fox", "style": "oil"}] * (FAULTS_TOLD + 5))

    assert (plan["faultCount"], len(plan["faults"]), plan["faultyRows"]) == (
        FAULTS_TOLD + 5,
        FAULTS_TOLD,
        FAULTS_TOLD + 5,
    )
    assert plan["cost"]["text"] == "About $0.00 at WaveSpeed."


async def test_a_table_that_breaks_off_says_so_whatever_else_is_wrong(listed: httpx.AsyncClient) -> None:
    table = "subject,style\n" + "a fox,oil\n" * FAULTS_TOLD + 'a fox,"comic\n'

    plan = await planned(listed, table=table)

    assert plan["readable"] is False
    assert plan["faults"][-1]["line"] == 0


async def test_prices_are_asked_within_bounds_and_the_rest_is_unknown(
    listed: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.batches.costs.MOST_PRICES", 2)

    plan = await planned(listed, rows=[ROW | {"num_images": n} for n in (1, 2, 3, 4, 1)], maxCostUsd=100)

    assert [(one["rows"], one["priceUsd"] is None) for one in plan["prices"]] == [(2, False), (1, False), (2, True)]
    assert plan["prices"][-1]["reason"] == TOO_MANY
    assert (plan["cost"]["priceUsd"], plan["cost"]["unknownRows"], plan["cost"]["affordableRows"]) == (None, 2, None)
    assert plan["cost"]["floorUsd"] == pytest.approx(4 * plan["prices"][0]["priceUsd"])
    assert "2 rows whose price is unknown" in plan["cost"]["text"]


async def test_budgets_and_the_batchs_own_say_how_far_they_reach(listed: httpx.AsyncClient, store: Store) -> None:
    price = (await planned(listed, rows=[ROW]))["cost"]["priceUsd"]
    await store.budgets.set("local", BudgetPeriod.DAY, Decimal(str(price)) * 3)
    await store.budgets.set(INSTALLATION, BudgetPeriod.TOTAL, Decimal(str(price)) * 100)

    plan = await planned(listed, rows=[ROW] * 4, maxCostUsd=price * 2.5)

    assert {(one["owner"], one["period"]): one["enough"] for one in plan["budgets"]} == {
        ("local", "day"): False,
        (INSTALLATION, "total"): True,
    }
    assert plan["cost"]["affordableRows"] == 2


async def test_without_a_list_prices_and_columns_are_not_known(lonely_api: httpx.AsyncClient) -> None:
    """No key for WaveSpeed: the presets alone are known."""
    template = {"model": "bytedance/seedream-v4", "prompt": "a {{thing}}"}

    plan = await planned(lonely_api, template=template, rows=[{"thing": "fox", "size": "1024*1024"}] * 3)

    assert (plan["rows"], plan["faults"], plan["cost"]["unknownRows"]) == (3, [], 3)
    assert plan["cost"]["priceUsd"] is None
    assert plan["cost"]["floorUsd"] == 0


async def test_while_only_the_list_could_tell_a_table_is_not_judged(shop_settings: Settings) -> None:
    """A column that is misspelt would be dropped by WaveSpeed, and each row paid all the same."""
    away = shop_settings.model_copy(update={"wavespeed_api_base": "http://127.0.0.1:9"})
    async with open_api(away) as client:
        answer = await client.post("/api/batches/plan", json={"template": TEMPLATE, "rows": [ROW]})

    assert answer.status_code == 503, answer.text
    assert answer.json()["code"].startswith("provider_")
