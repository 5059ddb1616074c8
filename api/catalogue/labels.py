"""How a form names a model's inputs where WaveSpeed gives no title of its own, and the units of their values."""

from __future__ import annotations

import re
from typing import Final

from promptmill.contracts.catalogue import ModelInput

_LABELS: Final = {
    "num_inference_steps": "Steps",
    "guidance_scale": "Guidance",
    "num_images": "Images",
    "max_images": "Images at most",
    "num_frames": "Frames",
    "fps": "Frame rate",
    "enable_prompt_expansion": "Lengthen the prompt",
    "enable_safety_checker": "Safety check",
    "generate_audio": "With sound",
    "negative_prompt": "What to avoid",
    "mask_image": "Mask",
    "last_image": "Last frame",
    "end_image": "Last frame",
    "loras": "LoRAs",
    "high_noise_loras": "LoRAs, high noise",
    "low_noise_loras": "LoRAs, low noise",
    "cfg_scale": "Guidance",
}
_VERSION: Final = re.compile(r"v\d.*")
_UNITS: Final = {"duration": "s", "seconds": "s", "fps": "fps", "size": "px", "width": "px", "height": "px"}


def label_of(told: ModelInput) -> str:
    """Return WaveSpeed's title, or our name of a usual input, or its name in words."""
    words = told.name.replace("_", " ").strip()
    return told.title or _LABELS.get(told.name) or words[:1].upper() + words[1:] or told.name


def model_label(model: str, name: str) -> str:
    """Return WaveSpeed's name of a model; where that is only its path, the path in words.

    `kwaivgi/kling-v2.5-turbo/image-to-video` becomes `Kling v2.5 Turbo, image to video`.
    """
    if name.strip() and name != model:
        return name
    family, *ways = model.split("/")[1:] or [model]
    words = [word if _VERSION.fullmatch(word) else word[:1].upper() + word[1:] for word in family.split("-") if word]
    return ", ".join([" ".join(words), *(way.replace("-", " ") for way in ways)])


def unit_of(told: ModelInput) -> str | None:
    """Return the unit of a usual input's values."""
    return _UNITS.get(told.name)
