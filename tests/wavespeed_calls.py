"""Calls to WaveSpeed's simulator as any HTTP client makes them, and models for them."""

from __future__ import annotations

from typing import Any

import httpx

TURBO = "wavespeed-ai/z-image/turbo"
EDIT = "bytedance/seedream-v4/edit"
KLING = "kwaivgi/kling-v2.5-turbo-pro/image-to-video"
PICTURE = "https://example.com/picture.png"


async def submit(client: httpx.AsyncClient, model: str = TURBO, **inputs: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/v3/{model}", json={"prompt": "a fox", **inputs})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def result(client: httpx.AsyncClient, prediction_id: str) -> dict[str, Any]:
    data: dict[str, Any] = (await client.get(f"/api/v3/predictions/{prediction_id}/result")).json()["data"]
    return data


async def history(client: httpx.AsyncClient, **question: Any) -> list[dict[str, Any]]:
    answer = await client.post("/api/v3/predictions", json={"page": 1, "page_size": 100, **question})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["data"]["items"]
    return items
