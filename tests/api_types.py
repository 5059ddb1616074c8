"""Generates clients/typescript/api.d.ts, which the page uses as well, from the OpenAPI document."""

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

TYPES: Final = ROOT / "clients/typescript/api.d.ts"
TEXTS: Final = frozenset({"title", "summary", "description", "examples"})
HEADER: Final = "// Generated from the OpenAPI document by `make types`.\n\n"


def make_types() -> str:
    """Return the TypeScript declarations."""
    with tempfile.TemporaryDirectory() as folder:
        document, types = Path(folder, "openapi.json"), Path(folder, "api.d.ts")
        document.write_text(json.dumps(_document()), encoding="utf-8")
        done = run("openapi-typescript", str(document), "--output", str(types), "--default-non-nullable", "false")
        assert done.returncode == 0, done.stdout
        return HEADER + types.read_text(encoding="utf-8")


def _document() -> dict[str, Any]:
    """Return the OpenAPI document, plus the vocabulary, which is embedded in the page and returned by no route."""
    document = build_routes(load_settings({"PROMPTMILL_ENV_FILE": ""}), RequestMetrics.create()).openapi()
    vocabulary = Vocabulary.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    document["components"]["schemas"] |= vocabulary.pop("$defs") | {"Vocabulary": vocabulary}
    shapes: dict[str, Any] = _without_texts(document)
    return shapes


def _without_texts(part: Any) -> Any:
    """Return a part of the document without its prose, so that the types change only when shapes do."""
    if isinstance(part, list):
        return [_without_texts(one) for one in part]
    if not isinstance(part, dict):
        return part
    # A property named `title` has an object as its value.
    return {
        name: _without_texts(value)
        for name, value in part.items()
        if name not in TEXTS or not isinstance(value, str | list)
    }


if __name__ == "__main__":
    TYPES.write_text(make_types(), encoding="utf-8")
    sys.stdout.write(f"{TYPES.relative_to(ROOT)}\n")
