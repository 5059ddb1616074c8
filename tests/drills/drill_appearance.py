"""The page looks as it did: its main states are compared with stored pictures (`make screenshots` takes them anew)."""

from __future__ import annotations

from pathlib import Path

import httpx
from PIL import Image
from playwright.async_api import Browser

from tests.fixtures.browser import open_workspace
from tests.fixtures.mill import Mill
from tests.screenshots.appearance import DESKTOP, FOLDER, MOST_DIFFERENT, appearances, difference, stored


async def test_the_page_looks_as_it_did(
    browser: Browser, served_mill: httpx.AsyncClient, mill: Mill, tmp_path: Path
) -> None:
    await served_mill.post("/api/init")
    changed: dict[str, float] = {}
    names: set[str] = set()
    async with open_workspace(browser, str(served_mill.base_url), viewport=DESKTOP) as seen:
        async for name, picture in appearances(seen, mill):
            names.add(name)
            differs = difference(picture, Image.open(stored(name))) if stored(name).exists() else 1.0
            if differs > MOST_DIFFERENT:
                picture.save(tmp_path / f"{name}.png")
                changed[name] = round(differs, 3)

    assert changed == {}, f"see {tmp_path}; after a deliberate change: make screenshots"
    assert names == {one.stem for one in FOLDER.glob("*.webp")}, "no picture is stored of a state that is gone"
