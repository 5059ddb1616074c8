"""Checks a request against WaveSpeed's list: WaveSpeed itself drops unknown inputs and charges for the run.

Only what the list really states is checked. If it is unavailable, or has no schema of the model, only WaveSpeed can
tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

from api.catalogue.entries import Entry
from api.catalogue.reading import Models
from api.http.errors import MAX_ERRORS, FieldError, Refused, pointer_to, short_name
from api.schemas.bases import UNKNOWN, unknown_field
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import CreateJob
from promptmill.contracts.catalogue import LIST_CONTROLS, Control, InputType, ModelInput
from promptmill.contracts.texts import is_blank
from promptmill.spelling import MAX_GUESSES

CHOICES_SHOWN: Final = 20

_SIDES = re.compile(r"(\d{1,6})[*x](\d{1,6})")
_TEXT_ENTRIES: Final = frozenset({Control.TEXTS, Control.MEDIA_LIST})
_OVERRIDE: Final = "Set allowUnknownModel to send it all the same."

_Wrong = tuple[str, str]
"""An input's name and what is wrong with it."""


def refusal_by_list(
    request: CreateJob | AskPrice, inputs: Mapping[str, Any], models: Models, *, whole: bool
) -> Refused | None:
    """Return why a request is invalid by WaveSpeed's list; None if it is valid, or the list is unavailable.

    Args:
        request: The caller's request.
        inputs: Its inputs, including the images.
        models: The currently known models.
        whole: Whether all inputs that the model requires must be present; false while a form is being filled in.
    """
    if request.allow_unknown_model or models.as_of is None:
        return None
    entry = models.entries.get(request.model)
    if entry is None:
        unknown = FieldError(pointer="/model", message=_unknown_model(request.model, models))
        return Refused("invalid_request", f"/model: {unknown.message} {_OVERRIDE}", errors=[unknown])
    if not entry.listed_inputs:
        return None
    wrong = islice(_wrong_inputs(entry, inputs, whole=whole), MAX_ERRORS)
    errors = [FieldError(pointer=pointer_to(("input", short_name(name))), message=why) for name, why in wrong]
    return _refusal(errors) if errors else None


def _refusal(errors: list[FieldError]) -> Refused:
    return Refused("invalid_request", f"{errors[0].pointer}: {errors[0].message}", errors=errors)


def _unknown_model(model: str, models: Models) -> str:
    near = get_close_matches(model, models.entries, n=1, cutoff=0.6)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"WaveSpeed's list does not have this model.{meant}"


def _wrong_inputs(entry: Entry, given: Mapping[str, Any], *, whole: bool) -> Iterator[_Wrong]:
    known = {each.name: each for each in entry.inputs}
    sendable = known.keys() | entry.defaults.keys() | {entry.pictures_field} - {None}
    unknown = [name for name in given if name not in sendable]
    for place, name in enumerate(unknown):
        yield name, unknown_field(name, known.keys()) if place < MAX_GUESSES else UNKNOWN
    for name, value in given.items():
        told = known.get(name)
        why = _wrong_value(value, told) if told is not None and value is not None else None
        if why is not None:
            yield name, why
    if whole:
        for told in known.values():
            if _is_missing(told, given):
                yield told.name, _needed(told, entry)


def _is_missing(told: ModelInput, given: Mapping[str, Any]) -> bool:
    """Whether a required input has no value: neither from the caller nor the preset nor a default of the model."""
    value = given.get(told.name)
    empty_text = told.type is InputType.TEXT and isinstance(value, str) and is_blank(value)
    absent = value is None or value == [] or empty_text
    return told.required and told.name != "prompt" and absent and told.default in (None, [])


def _needed(told: ModelInput, entry: Entry) -> str:
    if told.name == entry.pictures_field:
        return "This model needs an image: a target or a reference."
    return "This model needs it."


def _wrong_value(value: Any, told: ModelInput) -> str | None:
    if told.control in LIST_CONTROLS:
        return _wrong_list(value, told)
    judge = _JUDGES.get(told.type)
    return judge(value, told) if judge is not None else None


def _wrong_text(value: Any, told: ModelInput) -> str | None:
    if not isinstance(value, str):
        return "Must be a text."
    if told.max_length is not None and len(value) > told.max_length:
        return f"Must have at most {told.max_length} characters."
    sides = _SIDES.fullmatch(value) if told.control is Control.SIZE else None
    if sides is None:
        return None
    outside = next((why for side in sides.groups() if (why := _outside(int(side), told)) is not None), None)
    return f"Each side {outside[0].lower()}{outside[1:]}" if outside else None


def _wrong_list(value: Any, told: ModelInput) -> str | None:
    if not isinstance(value, list):
        return "Must be a list."
    if told.max_items is not None and len(value) > told.max_items:
        return f"Must have at most {told.max_items} {'entry' if told.max_items == 1 else 'entries'}."
    if told.min_items is not None and 0 < len(value) < told.min_items:
        return f"Must have at least {told.min_items} entries."
    wrong = (f"Entry {place}: {why}" for place, each in enumerate(value, 1) if (why := _wrong_entry(each, told)))
    return next(wrong, None)


def _wrong_entry(value: Any, told: ModelInput) -> str | None:
    if told.item_choices is not None:
        return _wrong_choice(value, replace(told, choices=told.item_choices))
    if told.control in _TEXT_ENTRIES:
        return None if isinstance(value, str) else "Must be a text."
    if not isinstance(value, dict):
        return "Must be an object."
    for part in told.parts:
        given = value.get(part.name)
        if given is None and part.required and part.default is None:
            return f"“{part.name}” is missing."
        why = None if given is None else _wrong_value(given, part)
        if why is not None:
            return f"“{part.name}”: {why}"
    return None


def _wrong_number(value: Any, told: ModelInput) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "Must be a number."
    if told.type is InputType.INTEGER and not (isinstance(value, int) or value.is_integer()):
        return "Must be a whole number."
    return _outside(value, told)


def _outside(value: float, told: ModelInput) -> str | None:
    if told.minimum is not None and value < told.minimum:
        return f"Must be at least {told.minimum}."
    if told.maximum is not None and value > told.maximum:
        return f"Must be at most {told.maximum}."
    return None


def _wrong_flag(value: Any, _: ModelInput) -> str | None:
    return None if isinstance(value, bool) else "Must be true or false."


def _wrong_choice(value: Any, told: ModelInput) -> str | None:
    choices = told.choices or (value,)
    if any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in choices):
        return None
    shown = ", ".join(str(each) for each in choices[:CHOICES_SHOWN])
    return f"Must be one of {shown}{', …' if len(choices) > CHOICES_SHOWN else ''}."


_JUDGES: Final[Mapping[InputType, Callable[[Any, ModelInput], str | None]]] = {
    InputType.TEXT: _wrong_text,
    InputType.NUMBER: _wrong_number,
    InputType.INTEGER: _wrong_number,
    InputType.BOOLEAN: _wrong_flag,
    InputType.CHOICE: _wrong_choice,
}
