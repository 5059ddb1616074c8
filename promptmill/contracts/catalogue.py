"""What a provider publishes about a model: its inputs with their limits, and its minimum price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

RESERVED_VENDORS: Final = frozenset(
    {"account", "balance", "billings", "media", "model", "models", "predictions", "upload", "user", "webhook"}
)
"""First parts of WaveSpeed's own paths: a 'model' of that name would reach another call, deleting among them."""

MODEL_CHARACTERS: Final = 200
MODEL_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){1,2}$"
"""`vendor/name` or `vendor/name/variant`: no part of it leads out of an address that it is put into."""

MAX_INPUTS: Final = 100
"""Maximum inputs of one model to keep, more than any form shows. A schema with more is known only in part."""


class InputType(StrEnum):
    """How a form presents an input."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    JSON = "json"


class Control(StrEnum):
    """What a form offers for an input: how its value is chosen, where `InputType` says what the value is."""

    TEXT = "text"
    PARAGRAPH = "paragraph"
    NUMBER = "number"
    SLIDER = "slider"
    SWITCH = "switch"
    CHOICE = "choice"
    CHOICES = "choices"
    TEXTS = "texts"
    MEDIA = "media"
    MEDIA_LIST = "mediaList"
    LORAS = "loras"
    OBJECTS = "objects"
    SIZE = "size"
    SEED = "seed"
    JSON = "json"


LIST_CONTROLS: Final = frozenset({Control.CHOICES, Control.TEXTS, Control.MEDIA_LIST, Control.LORAS, Control.OBJECTS})
"""Those whose value is a list."""


@dataclass(frozen=True)
class ModelInput:
    """One input of a model, as far as its schema can be interpreted; None means not specified.

    Attributes:
        control: What a form offers for it.
        minimum: Minimum of a number; for the input `size`, of a side in pixels.
        maximum: Maximum of a number; for the input `size`, of a side in pixels.
        choices: All allowed values of a `choice`.
        suggestions: Suggested values of a text that accepts others.
        pictures: How many images it takes: a list of URLs, or the single URL `image`; 0 for anything else.
        media: What its files may be: `image`, `video`, `audio`, or a media type or an ending; empty for no file.
        placeholder: An example of what to enter.
        hidden: Whether a form leaves it out: it is never required.
        min_items: Fewest entries of a list that is not empty.
        max_items: Most entries of a list.
        item_choices: All allowed values of an entry.
        parts: What each entry of a list of objects has.
    """

    name: str
    type: InputType
    title: str = ""
    description: str = ""
    required: bool = False
    default: Any = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    step: int | float | None = None
    choices: tuple[Any, ...] | None = None
    suggestions: tuple[str, ...] | None = None
    max_length: int | None = None
    pictures: int = 0
    control: Control = Control.TEXT
    media: tuple[str, ...] = ()
    placeholder: str = ""
    hidden: bool = False
    min_items: int | None = None
    max_items: int | None = None
    item_choices: tuple[Any, ...] | None = None
    parts: tuple[ModelInput, ...] = ()


@dataclass(frozen=True)
class ListedModel:
    """One model of a provider's list.

    Attributes:
        type: The provider's own category, such as `text-to-image`; empty if unspecified.
        base_price: US dollars; a run with other inputs may cost more.
        formula: How the price is computed from the inputs, in JSONata; None if unknown.
        inputs: In the order in which a form shows them.
    """

    model: str
    name: str
    description: str = ""
    type: str = ""
    base_price: Decimal | None = None
    sort_order: float | None = None
    formula: str | None = None
    inputs: tuple[ModelInput, ...] = ()
