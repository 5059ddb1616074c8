"""WaveSpeed's model list, parsed entry by entry: what cannot be parsed costs only that entry or field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from promptmill.contracts.catalogue import ListedModel
from promptmill.contracts.errors import cut
from promptmill.providers.http.redaction import storable
from promptmill.providers.wavespeed.answers import price_in
from promptmill.providers.wavespeed.schemas import finite, read_inputs

MAX_MODELS: Final = 5_000
"""Maximum entries to read; WaveSpeed has about a thousand."""

PATH_CHARACTERS: Final = 200
NAME_CHARACTERS: Final = 120
DESCRIPTION_CHARACTERS: Final = 2_000
FORMULA_CHARACTERS: Final = 8_000
"""A longer formula is dropped entirely: a truncated one would lack names."""


def read_models(listed: object) -> tuple[ListedModel, ...]:
    """Return the models of the envelope's `data`, in its order; of duplicate paths the first entry wins.

    Never raises: an entry without a model name is skipped, and malformed parts of an entry are omitted.
    """
    if not isinstance(listed, list):
        return ()
    found: dict[str, ListedModel] = {}
    for entry in listed[:MAX_MODELS]:
        model = _read_model(entry)
        if model is not None:
            found.setdefault(model.model, model)
    return tuple(found.values())


def _read_model(entry: object) -> ListedModel | None:
    if not isinstance(entry, dict):
        return None
    path = entry.get("model_id")
    if not isinstance(path, str) or not 0 < len(path.strip()) <= PATH_CHARACTERS or not path.strip().isprintable():
        return None
    path = path.strip()
    return ListedModel(
        model=path,
        name=_text(entry, "name", NAME_CHARACTERS) or path,
        description=_text(entry, "description", DESCRIPTION_CHARACTERS),
        type=_text(entry, "type", NAME_CHARACTERS).lower(),
        base_price=price_in(entry.get("base_price")),
        sort_order=finite(entry.get("sort_order")),
        formula=_formula(entry.get("formula")),
        inputs=read_inputs(_request_schema(entry)),
    )


def _text(entry: Mapping[str, Any], name: str, limit: int) -> str:
    value = entry.get(name)
    return cut(storable(value), limit) if isinstance(value, str) else ""


def _formula(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value.strip()) <= FORMULA_CHARACTERS else None


def _request_schema(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of a run's body: that of `model_run` if there are several, otherwise the first."""
    schemas = list(_schemas(entry.get("api_schema")))
    runs = [schema for kind, schema in schemas if kind == "model_run"]
    return next(iter(runs), None) or next((schema for _, schema in schemas), {})


def _schemas(api_schema: object) -> Iterator[tuple[object, Mapping[str, Any]]]:
    told = api_schema.get("api_schemas") if isinstance(api_schema, dict) else None
    for each in told if isinstance(told, list) else ():
        schema = each.get("request_schema") if isinstance(each, dict) else None
        if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
            yield each.get("type"), schema
