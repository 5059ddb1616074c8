"""A known model: our preset, WaveSpeed's entry, or both merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from api.catalogue.labels import model_label
from api.catalogue.preset_inputs import preset_inputs
from api.schemas.fields import ModelPath
from promptmill.config.presets import NEVER_SENT, Preset, kind_of, load_presets
from promptmill.contracts.catalogue import MAX_INPUTS, InputType, ListedModel, ModelInput
from promptmill.contracts.jobs import MediaKind

_MODEL_PATH: Final[TypeAdapter[str]] = TypeAdapter(ModelPath)
_PICTURE_FIELDS: Final = ("images", "image")
_KINDS: Final = {
    "image": MediaKind.IMAGE,
    "video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
    "speech": MediaKind.AUDIO,
    "music": MediaKind.AUDIO,
    "text": MediaKind.TEXT,
}
"""Last word of WaveSpeed's `type` -> what such a model generates."""


class Known(StrEnum):
    """Where a model is known from."""

    PRESET = "preset"
    WAVESPEED = "wavespeed"
    BOTH = "both"


@dataclass(frozen=True)
class Entry:
    """A known model.

    Attributes:
        known: Its source.
        inputs: All its inputs, as shown in a form; what a submission sends automatically is the default.
        formula: The formula of its price (JSONata); None if unknown.
        task: WaveSpeed's own category, such as `image-to-video`; None if unknown.
        listed_inputs: Whether `inputs` are all that WaveSpeed's own schema has: then no other input exists.
    """

    model: str
    label: str
    kind: MediaKind
    known: Known
    description: str
    pictures_field: str | None
    max_pictures: int
    sizes: tuple[str, ...]
    side_min: int | None
    side_max: int | None
    seed: bool
    defaults: Mapping[str, Any]
    base_price: Decimal | None
    formula: str | None
    inputs: tuple[ModelInput, ...]
    listed_inputs: bool = False
    task: str | None = None

    @property
    def fields(self) -> tuple[ModelInput, ...]:
        """The inputs that a form asks for: all except the prompt, images, what is hidden, and what is never sent."""
        others = NEVER_SENT.keys() | {"prompt", self.pictures_field}
        return tuple(each for each in self.inputs if each.name not in others and not each.hidden)


def known_models(listed: Iterable[ListedModel]) -> dict[str, Entry]:
    """Return the presets in their order, merged with the list; then the other listed models.

    A listed path that no job could name is left out.
    """
    others = {each.model: each for each in listed}
    found = {preset.model: _preset_entry(preset, others.pop(preset.model, None)) for preset in load_presets().values()}
    rest = [each for each in others.values() if _may_be_asked_for(each.model)]
    for each in sorted(rest, key=_place):
        found[each.model] = _listed_entry(each)
    return found


def _place(listed: ListedModel) -> tuple[float, str, str]:
    return (float("inf") if listed.sort_order is None else listed.sort_order, listed.name.lower(), listed.model)


def _may_be_asked_for(model: str) -> bool:
    try:
        _MODEL_PATH.validate_python(model)
    except ValidationError:
        return False
    return True


def _preset_entry(preset: Preset, listed: ListedModel | None) -> Entry:
    own = preset_inputs(preset)
    inputs = _completed(listed.inputs, preset, own) if listed and listed.inputs else own
    side_min, side_max = _sides(inputs)
    return Entry(
        model=preset.model,
        label=preset.label,
        kind=preset.kind,
        known=Known.BOTH if listed else Known.PRESET,
        description=listed.description if listed else "",
        pictures_field=preset.pictures_field,
        max_pictures=preset.max_pictures,
        sizes=preset.sizes,
        side_min=preset.side_min if side_min is None else side_min,
        side_max=preset.side_max if side_max is None else side_max,
        seed=_has(inputs, "seed"),
        defaults=preset.defaults,
        base_price=listed.base_price if listed else None,
        formula=listed.formula if listed else None,
        inputs=inputs,
        listed_inputs=listed is not None and _are_whole(listed.inputs),
        task=(listed.type or None) if listed else None,
    )


def _listed_entry(listed: ListedModel) -> Entry:
    pictures = next((each for name in _PICTURE_FIELDS for each in listed.inputs if each.name == name), None)
    takes_pictures = pictures is not None and pictures.pictures > 0
    side_min, side_max = _sides(listed.inputs)
    return Entry(
        model=listed.model,
        label=model_label(listed.model, listed.name),
        kind=_KINDS.get(listed.type.rpartition("-")[2]) or kind_of(listed.model),
        known=Known.WAVESPEED,
        description=listed.description,
        pictures_field=pictures.name if pictures and takes_pictures else None,
        max_pictures=pictures.pictures if pictures and takes_pictures else 1,
        sizes=_sizes(listed.inputs),
        side_min=side_min,
        side_max=side_max,
        seed=_has(listed.inputs, "seed"),
        defaults={},
        base_price=listed.base_price,
        formula=listed.formula,
        inputs=listed.inputs,
        listed_inputs=_are_whole(listed.inputs),
        task=listed.type or None,
    )


def _are_whole(listed: Sequence[ModelInput]) -> bool:
    """Whether a schema was read, and not cut off at the number of inputs that a form can show."""
    return 0 < len(listed) < MAX_INPUTS


def _completed(listed: Sequence[ModelInput], preset: Preset, own: Sequence[ModelInput]) -> tuple[ModelInput, ...]:
    """Return the listed inputs with the preset's values as defaults, and the preset's additional inputs."""
    names = {each.name for each in listed}
    sent_too = [each for each in own if each.name in preset.defaults and each.name not in names]
    return (*(_with_preset(each, preset) for each in listed), *sent_too)


def _with_preset(listed: ModelInput, preset: Preset) -> ModelInput:
    found = replace(listed, default=preset.defaults.get(listed.name, listed.default))
    if listed.name == "seed" and preset.seed:
        # If the caller sets none, a submission draws its own, which makes it findable.
        return replace(found, default=None)
    if listed.name == "size" and listed.type is InputType.TEXT and preset.sizes:
        found = replace(found, suggestions=preset.sizes)
    return found


def _sides(inputs: Sequence[ModelInput]) -> tuple[int | None, int | None]:
    """Return the minimum and maximum side of a custom size."""
    size = next((each for each in inputs if each.name == "size" and each.type is InputType.TEXT), None)
    if size is None:
        return None, None
    return _pixels(size.minimum), _pixels(size.maximum)


def _pixels(side: float | None) -> int | None:
    return int(side) if side is not None and side > 0 else None


def _sizes(inputs: Sequence[ModelInput]) -> tuple[str, ...]:
    choices = next((each.choices for each in inputs if each.name == "size" and each.choices), ())
    return tuple(each for each in choices if isinstance(each, str))


def _has(inputs: Sequence[ModelInput], name: str) -> bool:
    return any(each.name == name for each in inputs)
