"""A preset's inputs, in the same format as those of WaveSpeed's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from promptmill.config.presets import LARGEST_SEED, Preset
from promptmill.contracts.catalogue import Control, InputType, ModelInput

_DESCRIPTIONS: Final = {
    "duration": "Seconds.",
    "num_images": "Number of images.",
    "max_images": "Maximum number of images.",
    "resolution": "Level of detail.",
}
_CONTROLS: Final = {
    InputType.TEXT: Control.TEXT,
    InputType.NUMBER: Control.NUMBER,
    InputType.INTEGER: Control.NUMBER,
    InputType.BOOLEAN: Control.SWITCH,
    InputType.JSON: Control.JSON,
}
_COUNTS: Final = frozenset({"duration", "num_images", "max_images"})


def preset_inputs(preset: Preset) -> tuple[ModelInput, ...]:
    """Return the inputs that a form can offer if only the preset is known."""
    return tuple(_inputs(preset))


def _inputs(preset: Preset) -> Iterator[ModelInput]:
    if preset.sizes or preset.side_min or "size" in preset.defaults:
        yield _size(preset)
    for name, value in preset.defaults.items():
        if name != "size":
            yield ModelInput(
                name=name,
                type=_type_of(value),
                description=_DESCRIPTIONS.get(name, ""),
                default=value,
                minimum=1 if name in _COUNTS else None,
                control=_CONTROLS[_type_of(value)],
            )
    if preset.seed:
        yield ModelInput(
            name="seed",
            type=InputType.INTEGER,
            description="The same seed and inputs give a similar result; random if not set.",
            minimum=-1,
            maximum=LARGEST_SEED,
            control=Control.SEED,
        )


def _size(preset: Preset) -> ModelInput:
    free = preset.side_min is not None or preset.side_max is not None or not preset.sizes
    return ModelInput(
        name="size",
        type=InputType.TEXT if free else InputType.CHOICE,
        description="Width*height in pixels.",
        default=preset.defaults.get("size"),
        minimum=preset.side_min,
        maximum=preset.side_max,
        choices=None if free else preset.sizes,
        suggestions=(preset.sizes or None) if free else None,
        control=Control.SIZE if free else Control.CHOICE,
    )


def _type_of(value: Any) -> InputType:
    if isinstance(value, bool):
        return InputType.BOOLEAN
    if isinstance(value, int):
        return InputType.INTEGER
    if isinstance(value, float):
        return InputType.NUMBER
    return InputType.TEXT if isinstance(value, str) else InputType.JSON
