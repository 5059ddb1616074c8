"""Texts of a table, turned into what a model's schema says its inputs are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

from promptmill.contracts.catalogue import LIST_CONTROLS, Control, InputType, ModelInput
from promptmill.strict_json import MAX_DIGITS, InvalidJson, parse, problems

PART: Final = "|"
"""Parts the texts of a list in one cell."""

_OF_TEXTS: Final = frozenset({Control.CHOICES, Control.TEXTS, Control.MEDIA_LIST})
_WHOLE: Final = re.compile(r"[+-]?[0-9]+(?:\.0*)?")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_FLAGS: Final = {"true": True, "false": False}


class WrongValue(ValueError):
    """A text is no value of its column's type; its message says what would be right."""


def value_of(text: str, told: ModelInput | None) -> Any:
    """Return the value that a text means for an input; without a schema, JSON where it is JSON, else the text.

    Whether the value is allowed is for the acceptance of a job to judge.

    Raises:
        WrongValue: It means none.
    """
    if told is None:
        return _json_or_text(text)
    if told.control in LIST_CONTROLS:
        return _list(text, told)
    read = _READERS.get(told.type)
    return text if read is None else read(text, told)


def parts_of(text: str) -> list[str]:
    """Return the texts of a list in one cell."""
    return [part.strip() for part in text.split(PART) if part.strip()]


def _list(text: str, told: ModelInput) -> Any:
    if told.control in _OF_TEXTS and not text.lstrip().startswith("["):
        return parts_of(text)
    return _json(text, "list")


def _number(cell: str, told: ModelInput) -> int | float:
    text = cell.strip()
    if len(text) > MAX_DIGITS:
        raise WrongValue(_needed(told))
    if _WHOLE.fullmatch(text):
        return int(text.partition(".")[0])
    if told.type is InputType.INTEGER or not _NUMBER.fullmatch(text) or not isfinite(number := float(text)):
        raise WrongValue(_needed(told))
    return number


def _needed(told: ModelInput) -> str:
    least, most = told.minimum, told.maximum
    if least is not None and most is not None:
        limits = f" from {least} to {most}"
    elif least is not None:
        limits = f", at least {least}"
    else:
        limits = "" if most is None else f", at most {most}"
    if told.type is InputType.INTEGER:
        return f"Must be a whole number{limits}."
    return f"Must be a number{limits}, with a point before its decimals."


def _flag(cell: str, _: ModelInput) -> bool:
    text = cell.strip().lower()
    if text not in _FLAGS:
        raise WrongValue("Must be true or false.")
    return _FLAGS[text]


def _choice(text: str, told: ModelInput) -> Any:
    """Return the choice that a text stands for; another text is refused with the choices when it is checked."""
    by_text = {_as_written(each): each for each in reversed(told.choices or ())}
    return by_text.get(text, by_text.get(text.strip(), text))


def _as_written(choice: Any) -> str:
    return str(choice).lower() if isinstance(choice, bool) else str(choice)


def _object_or_other(text: str, _: ModelInput) -> Any:
    return _json(text, "value") if text.lstrip().startswith(("[", "{")) else _json_or_text(text)


def _json(text: str, kind: str) -> Any:
    try:
        value = parse(text)
    except InvalidJson as error:
        raise WrongValue(f"Must be a {kind} in JSON: {str(error).removeprefix('is not JSON: ')}") from None
    wrong = next(problems(value), None)
    if wrong is not None:
        raise WrongValue(f"Must be a {kind} in JSON that can be stored; a part of it {wrong[1]}.")
    return value


def _json_or_text(text: str) -> Any:
    try:
        value = parse(text)
    except InvalidJson:
        return text
    return text if value is None or next(problems(value), None) is not None else value


_READERS: Final[Mapping[InputType, Callable[[str, ModelInput], Any]]] = {
    InputType.NUMBER: _number,
    InputType.INTEGER: _number,
    InputType.BOOLEAN: _flag,
    InputType.CHOICE: _choice,
    InputType.JSON: _object_or_other,
}
