"""Builds the responses about models."""

from __future__ import annotations

from typing import Any

from api.catalogue.entries import Entry
from api.catalogue.floors import price_movers
from api.catalogue.labels import label_of, unit_of
from api.schemas.catalogue import FieldAnswer, ModelAnswer, ModelDetail
from promptmill.contracts.catalogue import InputType, ModelInput


def model_answer(entry: Entry) -> ModelAnswer:
    """Return a model as listed: without its fields, since there may be a thousand models."""
    return ModelAnswer(**_facts(entry))


def model_detail(entry: Entry) -> ModelDetail:
    """Return a model with its fields."""
    movers = price_movers(entry)
    fields = [_field(each, entry, moves_price=each.name in movers) for each in entry.fields]
    return ModelDetail(**_facts(entry), description=entry.description, fields=fields)


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "model": entry.model,
        "label": entry.label,
        "kind": entry.kind,
        "pictures_field": entry.pictures_field,
        "max_pictures": entry.max_pictures,
        "sizes": list(entry.sizes),
        "side_min": entry.side_min,
        "side_max": entry.side_max,
        "seed": entry.seed,
        "defaults": dict(entry.defaults),
        "base_price_usd": None if entry.base_price is None else float(entry.base_price),
        "task": entry.task,
        "known": entry.known,
    }


def _field(told: ModelInput, entry: Entry, *, moves_price: bool) -> FieldAnswer:
    free_size = told.name == "size" and told.type is InputType.TEXT
    number = told.type in (InputType.NUMBER, InputType.INTEGER)
    return FieldAnswer(
        name=told.name,
        title=label_of(told),
        description=_with_sides(told.description, entry) if free_size else told.description,
        type=told.type.value,
        required=told.required,
        default=told.default,
        minimum=told.minimum if number else None,
        maximum=told.maximum if number else None,
        step=told.step if number else None,
        choices=None if told.choices is None else list(told.choices),
        suggestions=None if told.suggestions is None else list(told.suggestions),
        max_length=told.max_length if told.type is InputType.TEXT else None,
        moves_price=moves_price,
        control=told.control.value,
        unit=unit_of(told),
        placeholder=told.placeholder,
        media=list(told.media),
        min_items=told.min_items,
        max_items=told.max_items,
        item_choices=None if told.item_choices is None else list(told.item_choices),
        parts=[_field(each, entry, moves_price=False) for each in told.parts],
    )


def _with_sides(description: str, entry: Entry) -> str:
    """Return the description with the limits of each side, which are not limits of the text itself."""
    if entry.side_min is None and entry.side_max is None:
        return description
    least = "" if entry.side_min is None else f" from {entry.side_min}"
    most = "" if entry.side_max is None else f" up to {entry.side_max}"
    return f"{description} Each side{least}{most} pixels.".strip()
