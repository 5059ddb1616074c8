"""Records the histories that every test run replays: `make histories`, that is `pytest tests/replay/record.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.mill import Mill
from tests.replay.paths import PATHS

HISTORIES = Path(__file__).parent / "histories"


@pytest.mark.parametrize("name", PATHS)
async def test_record(name: str, mill: Mill) -> None:
    handle = await PATHS[name](mill)
    history = await handle.fetch_history()
    text = json.dumps(_anonymous(json.loads(history.to_json())), indent=1)
    (HISTORIES / f"{name}.json").write_text(text + "\n")


def _anonymous(value: Any) -> Any:
    """Return a history without what belongs to the machine that recorded it: stack traces and process names."""
    if isinstance(value, dict):
        return {
            key: "recorded" if key in {"identity", "binaryChecksum"} else _anonymous(item)
            for key, item in value.items()
            if key != "stackTrace"
        }
    return [_anonymous(item) for item in value] if isinstance(value, list) else value
