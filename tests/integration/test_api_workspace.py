"""What the server does for the workspace page: its files, its content policy, the models of its form."""

from __future__ import annotations

import re
from importlib.resources import files

import httpx

from promptmill.config.presets import load_presets
from promptmill.config.settings import Settings
from tests.content_policy import content_policy
from tests.fixtures.api import open_api

MODULE = "/web/workspace-old/main.js"
FILES = {file.name for file in files("api").joinpath("web", "workspace").iterdir()}


async def test_the_page_alone_may_show_pictures_from_elsewhere(lonely_api: httpx.AsyncClient) -> None:
    page = content_policy(await lonely_api.get("/"))
    other = content_policy(await lonely_api.get("/docs"))

    assert page["img-src"] == page["media-src"] == {"'self'", "https:", "blob:", "data:", "http://127.0.0.1:9"}
    assert page["script-src"] == page["style-src"] == {"'self'"}
    assert not [sources for sources in other.values() if sources & {"https:", "http://127.0.0.1:9"}]


async def test_a_real_provider_adds_no_address_to_the_policy(lonely_settings: Settings) -> None:
    real = lonely_settings.model_copy(
        update={"wavespeed_api_base": "https://api.wavespeed.ai", "simulated_only": False}
    )
    async with open_api(real) as client:
        page = await client.get("/")

    assert content_policy(page)["img-src"] == {"'self'", "https:", "blob:", "data:"}


async def test_a_browser_keeps_a_module_for_ever_under_the_address_of_its_version(
    lonely_api: httpx.AsyncClient,
) -> None:
    page = (await lonely_api.get("/")).text
    addresses = re.findall(r'"(/web/workspace-[^"]+)"', page)
    for address in addresses:
        found = await lonely_api.get(address)
        assert found.status_code == 200, address
        assert "immutable" in found.headers["cache-control"], address

    assert {address.rsplit("/", 1)[1] for address in addresses} == FILES


async def test_under_another_versions_address_it_is_sent_again_only_when_it_has_changed(
    lonely_api: httpx.AsyncClient,
) -> None:
    first = await lonely_api.get(MODULE)
    again = await lonely_api.get(MODULE, headers={"If-None-Match": first.headers["etag"]})
    other = await lonely_api.get(MODULE, headers={"If-None-Match": '"another"'})

    assert first.headers["content-type"].startswith("text/javascript")
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


async def test_nothing_but_the_workspaces_own_files_is_given(lonely_api: httpx.AsyncClient) -> None:
    for name in ("nothing.js", "..%2Findex.html", "..%2f..%2fapp.py", "index.html"):
        assert (await lonely_api.get(f"/web/workspace-old/{name}")).status_code == 404, name


async def test_models_are_listed_with_their_inputs(lonely_api: httpx.AsyncClient) -> None:
    answer = (await lonely_api.get("/api/models")).json()

    assert answer["source"] == "presets"
    assert [model["model"] for model in answer["items"]] == list(load_presets())
    flux = next(model for model in answer["items"] if model["model"] == "wavespeed-ai/flux-dev")
    assert flux["kind"] == "image"
    assert flux["defaults"] == {"size": "1024*1024", "num_images": 1}
    assert flux["picturesField"] == "image"
