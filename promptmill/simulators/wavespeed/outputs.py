"""`/output/...`: the outputs of predictions. Images are drawn only when fetched, so that creation is cheap."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from promptmill.simulators.pictures import Drawing, draw
from promptmill.simulators.wavespeed.catalogue import Model
from promptmill.simulators.wavespeed.inputs import SIZE
from promptmill.simulators.wavespeed.predictions import Prediction, Predictions

DEFAULT_SIDE = 1024
LONG_SIDES = {"1k": 1024, "1.5k": 1536, "2k": 2048, "4k": 4096}
RATIO = re.compile(r"(\d{1,5}):(\d{1,5})")
CACHE = {"Cache-Control": "public, max-age=604800, immutable"}
CLIP = "clip.mp4"


@dataclass(frozen=True)
class Outputs:
    """Serves outputs, without a key, as long as their prediction is kept."""

    models: Mapping[str, Model]
    predictions: Predictions
    _one_at_a_time: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    async def get(self, request: Request) -> Response:
        """Serve one output."""
        name = request.path_params["name"]
        prediction = self.predictions.find(name.partition("-")[0])
        if prediction is None or name not in prediction.outputs or prediction.status() != "completed":
            return PlainTextResponse("not found", 404)
        extension = name.rpartition(".")[2]
        if extension == "mp4":
            with as_file(files("promptmill.simulators").joinpath(CLIP)) as path:
                return FileResponse(path, media_type="video/mp4", headers=CACHE)
        drawing = self._drawing(prediction, prediction.outputs.index(name), extension)
        async with self._one_at_a_time:
            data = await asyncio.to_thread(draw, drawing)
        return Response(data, media_type=f"image/{extension}", headers=CACHE)

    def _drawing(self, prediction: Prediction, number: int, extension: str) -> Drawing:
        seed = prediction.inputs.get("seed")
        if not isinstance(seed, int) or seed < 0:
            seed = int(prediction.id[:6], 16)
        return Drawing(
            size=picture_size(self.models.get(prediction.model), prediction.inputs),
            prompt=str(prediction.inputs.get("prompt", "")),
            seed=seed + number,
            model=prediction.model,
            file_format=extension,
        )


def picture_size(model: Model | None, inputs: Mapping[str, Any]) -> tuple[int, int]:
    """Return the requested width and height: `size`, or `resolution` and `aspect_ratio`, or the defaults."""

    def value(name: str) -> str:
        return str((model.value(inputs, name) if model else inputs.get(name)) or "")

    size = SIZE.fullmatch(value("size"))
    if size:
        return int(size[1]), int(size[2])
    side = LONG_SIDES.get(value("resolution"), DEFAULT_SIDE)
    ratio = RATIO.fullmatch(value("aspect_ratio"))
    if ratio is None:
        return side, side
    width, height = int(ratio[1]), int(ratio[2])
    longest = max(width, height)
    return round(side * width / longest), round(side * height / longest)
