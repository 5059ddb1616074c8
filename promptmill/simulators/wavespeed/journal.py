"""Persists predictions in a file, so that those in progress survive a restart of the local stack."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from promptmill.simulators.clock import now
from promptmill.simulators.wavespeed.predictions import KEPT_SECONDS, Ending, Prediction


class Journal:
    """A file of JSON lines; the last line about a prediction wins. Without a path, nothing is persisted."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def load(self) -> list[Prediction]:
        """Return the predictions of the last seven days and drop older ones from the file."""
        if self._path is None or not self._path.is_file():
            return []
        kept: dict[str, Prediction] = {}
        for line in self._path.read_text(encoding="utf-8").splitlines():
            prediction = _read(line)
            if prediction and now() - prediction.created_at < KEPT_SECONDS:
                kept[prediction.id] = prediction
        self._rewrite(kept.values())
        return list(kept.values())

    def write(self, prediction: Prediction) -> None:
        """Append the prediction's current state."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(prediction))

    def _rewrite(self, predictions: Iterable[Prediction]) -> None:
        assert self._path is not None
        fresh = self._path.with_suffix(".new")
        fresh.write_text("".join(_line(prediction) for prediction in predictions), encoding="utf-8")
        fresh.replace(self._path)


def _line(prediction: Prediction) -> str:
    return json.dumps(asdict(prediction), ensure_ascii=False) + "\n"


def _read(line: str) -> Prediction | None:
    try:
        fields: dict[str, Any] = json.loads(line)
        return Prediction(**{**fields, "ending": Ending(**fields["ending"])})
    except (ValueError, TypeError, KeyError):
        return None  # the last line of a process that was killed
