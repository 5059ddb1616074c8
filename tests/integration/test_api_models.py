"""The catalogue over HTTP: WaveSpeed's list if it is available, otherwise the presets."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from promptmill.config.presets import load_presets
from promptmill.config.settings import Settings
from promptmill.local.ports import free_port
from promptmill.simulators.accounts import Timing
from promptmill.simulators.serving import open_simulator
from promptmill.simulators.wavespeed.app import create_wavespeed_app
from promptmill.simulators.wavespeed.catalogue import load_models
from tests.fixtures.api import open_api
from tests.raw_server import Conduct, RawServer, open_raw_server
from tests.simulator_control import SimulatorControl
from tests.support import eventually

PRESS = "simulated/poster-press/text-to-image"
FLUX = "wavespeed-ai/flux-dev"


async def listed(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/api/models")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def listed_by(client: httpx.AsyncClient, source: str) -> dict[str, Any]:
    """Wait until the list comes from there."""

    async def found() -> dict[str, Any] | None:
        answer = await listed(client)
        return answer if answer["source"] == source else None

    return await eventually(found, what=f"the list of {source}")


async def test_wavespeeds_list_completes_the_presets(shop: httpx.AsyncClient) -> None:
    answer = await listed_by(shop, "wavespeed")

    models = [item["model"] for item in answer["items"]]
    presets = list(load_presets())
    assert answer["source"] == "wavespeed"
    assert answer["asOf"].endswith("Z")
    assert models[: len(presets)] == presets
    assert set(models) == set(load_models())
    flux = next(item for item in answer["items"] if item["model"] == FLUX)
    assert (flux["label"], flux["basePriceUsd"], flux["known"]) == ("FLUX dev", 0.012, "both")
    assert "fields" not in flux


async def test_one_model_tells_its_fields(shop: httpx.AsyncClient) -> None:
    answer = (await shop.get(f"/api/models/{PRESS}")).json()

    fields = {field["name"]: field for field in answer["fields"]}
    assert (answer["known"], answer["picturesField"], answer["maxPictures"]) == ("wavespeed", "images", 4)
    assert list(fields) == [
        name
        for name in load_models()[PRESS].inputs
        if name not in ("prompt", "images", "enable_sync_mode", "enable_base64_output")
    ]
    assert {name: field["type"] for name, field in fields.items()} == {
        "style": "choice",
        "quality": "choice",
        "size": "text",
        "transparent": "boolean",
        "caption": "text",
        "weight": "number",
        "margin": "integer",
        "layers": "json",
        "palette": "json",
        "num_images": "integer",
        "seed": "integer",
    }
    assert [name for name, field in fields.items() if field["movesPrice"]] == ["quality", "num_images"]
    assert [name for name, field in fields.items() if field["required"]] == ["style"]
    assert (fields["weight"]["step"], fields["caption"]["maxLength"]) == (0.05, 120)


async def test_a_path_that_is_not_known_says_that_it_works_all_the_same(shop: httpx.AsyncClient) -> None:
    for path in ("vendor/unheard-of", "price", "", "a%2F..%2Fb"):
        answer = await shop.get(f"/api/models/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path

    assert "any WaveSpeed model path" in answer.json()["detail"]


async def test_many_callers_make_one_question(shop: httpx.AsyncClient, wavespeed_control: SimulatorControl) -> None:
    await wavespeed_control.order("models", "delay", seconds=0.3)

    answers, _ = await asyncio.gather(
        asyncio.gather(*(listed(shop) for _ in range(10))), shop.get(f"/api/models/{FLUX}")
    )
    await listed(shop)

    assert {answer["source"] for answer in answers} == {"wavespeed"}
    assert len(await wavespeed_control.requests("models")) == 1


async def test_without_a_key_the_presets_alone(
    shop_settings: Settings,
) -> None:
    for key in (None, SecretStr("  ")):
        async with open_api(shop_settings.model_copy(update={"wavespeed_api_key": key})) as client:
            answer = await listed(client)
            one = (await client.get(f"/api/models/{FLUX}")).json()

        assert (answer["source"], answer["asOf"]) == ("presets", None)
        assert [item["model"] for item in answer["items"]] == list(load_presets())
        assert {item["basePriceUsd"] for item in answer["items"]} == {None}
        assert [field["name"] for field in one["fields"]] == ["size", "num_images", "seed"]


async def test_a_slow_list_gives_the_presets_now_and_itself_later(
    shop: httpx.AsyncClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.order("models", "hold")

    # Held until the release below: without the presets the API would wait as long as WaveSpeed does.
    first = await listed(shop)
    second = await listed(shop)
    await wavespeed_control.release()
    later = await listed_by(shop, "wavespeed")

    assert (first["source"], second["source"]) == ("presets", "presets")
    assert len(later["items"]) > len(first["items"])
    assert len(await wavespeed_control.requests("models")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 200, "code": 403},
        {"kind": "html", "status": 200},
        {"kind": "not_json", "status": 200},
        {"kind": "cut_body"},
        {"kind": "reset"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
async def test_a_list_that_cannot_be_read_gives_the_presets(
    shop: httpx.AsyncClient, wavespeed_control: SimulatorControl, fault: dict[str, Any]
) -> None:
    await wavespeed_control.order("models", **fault)

    answers = [await listed(shop) for _ in range(3)]

    assert [answer["source"] for answer in answers] == ["presets"] * 3
    assert await wavespeed_control.hits() == 1
    assert len(await wavespeed_control.requests("models")) == 1, "a failure is not asked for again and again"


async def test_while_wavespeed_is_away_its_list_stays_and_is_read_anew_afterwards(
    shop_settings: Settings, account: str
) -> None:
    port = free_port()
    settings = shop_settings.model_copy(
        update={"wavespeed_api_base": f"http://127.0.0.1:{port}", "models_cache_seconds": 0.05}
    )
    async with open_api(settings) as client:
        async with open_simulator(create_wavespeed_app(Timing()), port):
            known = await listed_by(client, "wavespeed")
        async with open_raw_server(Conduct.RESET, port=port) as away_server:
            away = await eventually(lambda: _asked_in_vain(client, away_server), what="two readings in vain")
        async with open_simulator(create_wavespeed_app(Timing()), port) as simulator:
            back = await eventually(lambda: _newer(client, known["asOf"]), what="a newer list")
            asked = await SimulatorControl(simulator.url, account).requests("models")

    assert away is not None
    assert (away["source"], away["asOf"], away["items"]) == ("wavespeed", known["asOf"], known["items"])
    assert back is not None
    assert back["asOf"] > known["asOf"]
    assert asked


async def _asked_in_vain(client: httpx.AsyncClient, server: RawServer) -> dict[str, Any] | None:
    answer = await listed(client)
    return answer if server.requests >= 2 else None


async def _newer(client: httpx.AsyncClient, as_of: str) -> dict[str, Any] | None:
    answer = await listed(client)
    return answer if answer["asOf"] > as_of else None


async def test_a_fresh_list_is_not_read_again_a_stale_one_is_while_callers_get_the_old(
    shop_settings: Settings, wavespeed_control: SimulatorControl
) -> None:
    async with open_api(shop_settings.model_copy(update={"models_cache_seconds": 0.2})) as client:
        first = await listed(client)
        await wavespeed_control.order("models", "hold", times=1)
        await eventually(lambda: _asked_twice(client, wavespeed_control), what="a second reading")
        meanwhile = await listed(client)
        await wavespeed_control.release()
        await eventually(lambda: _newer(client, first["asOf"]), what="a newer list")

    assert meanwhile["asOf"] == first["asOf"]


async def _asked_twice(client: httpx.AsyncClient, control: SimulatorControl) -> bool:
    await listed(client)
    return len(await control.requests("models")) == 2
