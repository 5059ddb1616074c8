"""Makes the page's types of the API, api/web/types/api.d.ts, from the OpenAPI document: `python -m tests.api_types`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from api.app import build_routes
from api.http.metrics import RequestMetrics
from api.schemas.vocabulary import Vocabulary
from promptmill.config.settings import load_settings
from tests.node import ROOT, run

TYPES: Final = ROOT / "api/web/types/api.d.ts"
TEXTS: Final = frozenset({"title", "summary", "description", "examples"})
HEADER: Final = "// Made from the API's OpenAPI document by `make types`; a change by hand is lost.\n\n"


def make_types() -> str:
    """Return the types as TypeScript."""
    with tempfile.TemporaryDirectory() as folder:
        document, types = Path(folder, "openapi.json"), Path(folder, "api.d.ts")
        document.write_text(json.dumps(_document()), encoding="utf-8")
        done = run("openapi-typescript", str(document), "--output", str(types), "--default-non-nullable", "false")
        assert done.returncode == 0, done.stdout
        return HEADER + types.read_text(encoding="utf-8")


def _document() -> dict[str, Any]:
    """Return the OpenAPI document, and in it what the page is given inside its HTML, which no call answers."""
    document = build_routes(load_settings({"PROMPTMILL_ENV_FILE": ""}), RequestMetrics.create()).openapi()
    vocabulary = Vocabulary.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= vocabulary.pop("$defs") | {"Vocabulary": vocabulary}
    shapes: dict[str, Any] = _without_texts(document)
    return shapes


def _without_texts(part: Any) -> Any:
    """Return a part of the document without what is said to people: types change when shapes do."""
    if isinstance(part, list):
        return [_without_texts(one) for one in part]
    if not isinstance(part, dict):
        return part
    # A property may be called `title`: then it is described by an object.
    return {
        name: _without_texts(value)
        for name, value in part.items()
        if name not in TEXTS or not isinstance(value, str | list)
    }


if __name__ == "__main__":
    TYPES.write_text(make_types(), encoding="utf-8")
    sys.stdout.write(f"{TYPES.relative_to(ROOT)}\n")
