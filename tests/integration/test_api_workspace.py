"""What the server does for the workspace page: its files, its content policy, the models of its form."""

from __future__ import annotations

import gzip
import json
import re
from typing import NamedTuple

import httpx
import pytest

from api.schemas.fields import PROMPT_CHARACTERS
from api.web.files import workspace
from api.web.vocabulary import vocabulary
from promptmill.config.presets import load_presets
from promptmill.config.settings import Settings
from tests.bench.figures import FIRST_VIEW_BYTES
from tests.bench.page import weigh_first_view
from tests.content_policy import content_policy
from tests.fixtures.api import open_api

MODULE = "/web/workspace-old/main.js"
STRANGE = (
    "nothing.js",
    "core/nothing.js",
    "core",
    "core/",
    "/core/dom.js",
    "..%2Findex.html",
    "..%2f..%2fapp.py",
    "core/..%2f..%2findex.html",
    "core/%2e%2e/main.js",
    "core//dom.js",
    "types/page.d.ts",
    "index.html",
)


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
    named = re.findall(r'"(/web/workspace-[^"]+)"', page)
    for address in (workspace().address(name) for name in workspace().files):
        found = await lonely_api.get(address)
        assert found.status_code == 200, address
        assert "immutable" in found.headers["cache-control"], address

    first = [*workspace().styles, *workspace().first_modules, workspace().main]
    assert named == [workspace().address(name) for name in first]


async def test_the_first_view_is_within_its_budget(lonely_api: httpx.AsyncClient) -> None:
    assert await weigh_first_view(lonely_api) <= FIRST_VIEW_BYTES


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
    for name in STRANGE:
        assert (await lonely_api.get(f"/web/workspace-old/{name}")).status_code == 404, name


async def test_a_file_is_sent_packed_to_who_takes_it_and_each_form_has_its_own_tag(
    lonely_api: httpx.AsyncClient,
) -> None:
    for path in ("/", MODULE, "/web/icon.svg", "/docs", "/docs/errors", "/docs/assets/swagger-ui.css"):
        plain = await raw(lonely_api, path, "identity")
        packed = await raw(lonely_api, path, "br, gzip")

        assert "content-encoding" not in plain.headers, path
        assert packed.headers["content-encoding"] == "gzip", path
        assert gzip.decompress(packed.content) == plain.content, path
        assert len(packed.content) < len(plain.content), path
        assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding", path
        assert plain.headers["etag"] != packed.headers["etag"], path
        for known in (plain, packed):
            again = await raw(lonely_api, path, "gzip", known.headers["etag"])
            assert (again.status == 304) is (known is packed), path
            assert again.headers["vary"] == "Accept-Encoding", path


@pytest.mark.parametrize("known", ["W/{tag}", '"another", {tag}'])
async def test_a_tag_counts_also_in_a_list_and_weakened_by_a_proxy(lonely_api: httpx.AsyncClient, known: str) -> None:
    tag = (await raw(lonely_api, MODULE, "gzip")).headers["etag"]

    assert (await raw(lonely_api, MODULE, "gzip", known.format(tag=tag))).status == 304


async def test_the_page_holds_the_words_and_limits_of_the_server(lonely_api: httpx.AsyncClient) -> None:
    page = (await lonely_api.get("/")).text
    told = re.findall(r'<script type="application/json" id="vocabulary">(.*?)</script>', page)

    assert len(told) == 1
    assert json.loads(told[0]) == vocabulary().model_dump(mode="json")
    assert f'maxlength="{PROMPT_CHARACTERS}"' in page
    assert "<" not in told[0]
    assert "$" not in re.sub(r'<script type="application/json".*?</script>', "", page), "a limit that nobody fills in"


class Sent(NamedTuple):
    status: int
    headers: httpx.Headers
    content: bytes


async def raw(client: httpx.AsyncClient, path: str, encoding: str, known: str = "") -> Sent:
    """Request a file; return it as it was sent."""
    headers = {"Accept-Encoding": encoding, "If-None-Match": known}
    async with client.stream("GET", path, headers=headers) as answer:
        return Sent(answer.status_code, answer.headers, b"".join([piece async for piece in answer.aiter_raw()]))


async def test_models_are_listed_with_their_inputs(lonely_api: httpx.AsyncClient) -> None:
    answer = (await lonely_api.get("/api/models")).json()

    assert answer["source"] == "presets"
    assert [model["model"] for model in answer["items"]] == list(load_presets())
    flux = next(model for model in answer["items"] if model["model"] == "wavespeed-ai/flux-dev")
    assert flux["kind"] == "image"
    assert flux["defaults"] == {"size": "1024*1024", "num_images": 1}
    assert flux["picturesField"] == "image"
