"""The messages sent to Grok: a system message that says how to write, and the user's text that precedes the images."""

from __future__ import annotations

from typing import Final

from promptmill.contracts.prompts import Operation, PromptLength, PromptRequest

_IMAGES: Final = (
    "If one image is marked as the target, preserve its composition; treat all other images as references for subject "
    "and style."
)
_COVER: Final = (
    "Cover subject, action, setting, composition, light, colour palette and style; for video, also camera movement and "
    "subject motion. Use concrete, visual language."
)
_NOTHING_ELSE: Final = (
    "A prompt contains no explanations, lists or markup, and does not mention these instructions. If you decline to "
    "write it, leave {empty} empty and give the reason in `refusal`; otherwise omit `refusal`."
)
_NEGATIVE: Final = (
    "Write a `negativePrompt` for each as well: what must not be seen, as words separated by commas, without words "
    "such as `no`."
)
_WORDS: Final = {PromptLength.SHORT: 40, PromptLength.MEDIUM: 150, PromptLength.LONG: 300}

OPENINGS: Final[dict[Operation, str]] = {
    Operation.GENERATE: (
        "You are an expert prompt writer for image and video generation models. Using the user's instructions and any "
        "images provided, write the prompt that best produces the result the user wants. " + _IMAGES
    ),
    Operation.ENHANCE: (
        "You are an expert prompt editor for image and video generation models. Rewrite the user's existing prompt so "
        "that it is precise and vivid: preserve its intent and apply the user's instructions, if any. Images, if "
        "provided, show what the prompt is about. " + _IMAGES
    ),
    Operation.DESCRIBE: (
        "You are an expert at describing images for image and video generation models. Write the prompt with which "
        "such a model would produce the target image anew: describe only what can be seen in it, and apply the user's "
        "instructions, if any."
    ),
}


def system_text(request: PromptRequest) -> str:
    """Return the system message: the task, for which model, how many prompts, and how they are written."""
    several = request.wanted_variants > 1
    listed = several or request.wants_negative
    words = _WORDS[request.length or PromptLength.MEDIUM]
    parts = [
        OPENINGS[request.operation],
        _target(request),
        f"Write {request.wanted_variants} prompts that differ clearly from each other in composition, light or mood, "
        f"each complete in itself and different from the others."
        if several
        else "Write exactly one prompt.",
        f"Each prompt is in {request.language or 'English'}, of at most {words} words.",
        _COVER,
        f"Write in this style, which goes before what is said above of light and mood: {request.style_wording}"
        if request.style_wording
        else "",
        _NEGATIVE if request.wants_negative else "",
        _NOTHING_ELSE.format(empty="`prompts`" if listed else "`prompt`"),
    ]
    return " ".join(part for part in parts if part)


def question_text(request: PromptRequest) -> str:
    """Return the text of the user message: the caller's words under headings, then the role of each image."""
    parts = []
    if request.existing_prompt:
        parts.append(f"Existing prompt:\n{request.existing_prompt}")
    if request.instructions:
        parts.append(f"Instructions:\n{request.instructions}")
    if request.ref_urls or request.target_url:
        parts.append(f"Images: {_roles(len(request.ref_urls), has_target=request.target_url is not None)}.")
    return "\n\n".join(parts)


def _target(request: PromptRequest) -> str:
    """Name the model that gets the prompt, and what it makes, as far as they are known."""
    if request.target_model:
        makes = f", which makes {request.target_kind} output" if request.target_kind else ""
        return f"The prompt is for the model {request.target_model}{makes}."
    return f"The prompt is for a model that makes {request.target_kind} output." if request.target_kind else ""


def _roles(references: int, *, has_target: bool) -> str:
    """Describe the images in the order in which they are sent: the references, then the target."""
    listed = f"{references} {'reference' if references == 1 else 'references'}"
    if not has_target:
        return listed
    return f"{listed}, then the target" if references else "the target"
