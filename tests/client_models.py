"""Generates the models of clients/python from the OpenAPI document: `python -m tests.client_models`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from api.app import build_routes
from api.http.metrics import RequestMetrics
from promptmill.config.settings import load_settings
from tests.node import ROOT

MODELS: Final = ROOT / "clients/python/promptmill_client/models.py"

TOLD: Final = (
    *("createJob", "listJobs", "getJob", "changeJob", "cancelJob", "retryJob", "rateResult", "listJobEvents"),
    *("shareOutput", "uploadFile", "enqueuePrompt", "getPromptJob", "cancelPromptJob", "listStyles"),
    *("listModels", "getModel", "askPrice", "listBudgets", "showBalance", "showSpend", "planBatch"),
    *(
        "createBatch",
        "approveBatch",
        "listBatches",
        "getBatch",
        "changeBatch",
        "pauseBatch",
        "resumeBatch",
        "cancelBatch",
    ),
    *("retryFailedRows", "listBatchRows"),
)
"""The operations that the client offers: only their shapes are generated."""

JUDGED_THERE: Final = re.compile(
    r"(min|max)(Length|Items|Properties)|(exclusive)?(Min|Max)imum|minimum|maximum|pattern"
)
"""The limits of values: the API judges them, with better words, and may be of another version."""

_HEADER: Final = '"""The shapes of requests and answers, generated from the OpenAPI document by `make types`."""\n'


def make_models() -> str:
    """Return the module, formatted as the project is."""
    with tempfile.TemporaryDirectory() as folder:
        told, made = Path(folder, "openapi.json"), Path(folder, "models.py")
        told.write_text(json.dumps(part_told(_document())), encoding="utf-8")
        _run(
            *(sys.executable, "-m", "datamodel_code_generator", "--input", str(told), "--output", str(made)),
            *("--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel"),
            *("--target-python-version", "3.11", "--base-class", "promptmill_client.shapes.Shape"),
            *("--snake-case-field", "--strict-nullable", "--use-annotated"),
            *(
                "--use-standard-collections",
                "--use-union-operator",
                "--collapse-root-models",
                "--use-schema-description",
            ),
            *(
                "--use-field-description",
                "--disable-timestamp",
                "--capitalise-enum-members",
                "--set-default-enum-member",
            ),
            *("--formatters", "builtin"),
        )
        code = re.sub(r"\A(#.*\n)+", _HEADER, made.read_text(encoding="utf-8"))
    for step in (("check", "--fix-only", "--select", "I,UP,F401,D200,D212,D4"), ("format",)):
        code = _run(*(sys.executable, "-m", "ruff", *step, "--quiet", "--stdin-filename", str(MODELS), "-"), given=code)
    return code


def part_told(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the shapes of `TOLD` alone, without limits, and with room for words that are new."""
    schemas = document["components"]["schemas"]
    asked: set[str] = set()
    answered = {"Problem"}
    for operation in (each for methods in document["paths"].values() for each in methods.values()):
        if operation["operationId"] in TOLD:
            asked |= {*_reached(operation.get("requestBody"), schemas), *_reached(operation.get("parameters"), schemas)}
            answered |= {*_reached(operation["responses"], schemas)}
    wanted = {name: _plain(schemas[name]) for name in sorted(asked | answered)}
    for name in answered - asked:
        if "enum" not in schemas[name]:
            wanted[name] = _open(wanted[name], schemas)
    head = {name: document[name] for name in ("openapi", "info")}
    return head | {"paths": {}, "components": {"schemas": wanted}}


def _document() -> dict[str, Any]:
    return build_routes(load_settings({"PROMPTMILL_ENV_FILE": ""}), RequestMetrics.create()).openapi()


def _reached(part: Any, schemas: dict[str, Any]) -> set[str]:
    """Return the names of all shapes that a part of the document refers to, also through others."""
    found: set[str] = set()
    waiting = [*_references(part)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _references(each)
    elif isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for each in part.values():
            yield from _references(each)


def _plain(part: Any, *, properties: bool = False) -> Any:
    """Return a part without titles, examples and limits; `properties`: its names are fields, not words of a schema."""
    if isinstance(part, list):
        return [_plain(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _plain(each, properties=name == "properties" and not properties)
        for name, each in part.items()
        if properties or not (name in {"title", "examples"} or JUDGED_THERE.fullmatch(name))
    }


def _open(part: Any, schemas: dict[str, Any]) -> Any:
    """Return a part of an answer in which each enumeration may have a value that is newer than this client."""
    if isinstance(part, list):
        return [_open(each, schemas) for each in part]
    if not isinstance(part, dict):
        return part
    name = str(part.get("$ref")).rpartition("/")[2]
    if "enum" in schemas.get(name, {}):
        more = {key: value for key, value in part.items() if key != "$ref"}
        return {"anyOf": [{"$ref": part["$ref"]}, {"type": "string"}], **more}
    return {key: _open(each, schemas) for key, each in part.items() if key != "enum"}


def _run(*command: str, given: str | None = None) -> str:
    done = subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


if __name__ == "__main__":
    MODELS.write_text(make_models(), encoding="utf-8")
    sys.stdout.write(f"{MODELS.relative_to(ROOT)}\n")
