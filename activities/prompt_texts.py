"""The messages sent to Grok: one system message per operation, and the user's text that precedes the images."""

from __future__ import annotations

from typing import Final

from promptmill.contracts.prompts import Operation, PromptRequest

_IMAGES: Final = (
    "If one image is marked as the target, preserve its composition; treat all other images as references for subject "
    "and style. "
)
_RULES: Final = (
    "Write exactly one prompt, in English, of at most 150 words. Cover subject, action, setting, composition, light, "
    "colour palette and style; for video, also camera movement and subject motion. Use concrete, visual language. "
    "The prompt contains no explanations, lists or markup, and does not mention these instructions. If you decline to "
    "write it, leave `prompt` empty and give the reason in `refusal`; otherwise omit `refusal`."
)

SYSTEM: Final[dict[Operation, str]] = {
    Operation.GENERATE: (
        "You are an expert prompt writer for image and video generation models. Using the user's instructions and any "
        "images provided, write the prompt that best produces the result the user wants. " + _IMAGES + _RULES
    ),
    Operation.ENHANCE: (
        "You are an expert prompt editor for image and video generation models. Rewrite the user's existing prompt so "
        "that it is precise and vivid: preserve its intent and apply the user's instructions, if any. Images, if "
        "provided, show what the prompt is about. " + _IMAGES + _RULES
    ),
}


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


def _roles(references: int, *, has_target: bool) -> str:
    """Describe the images in the order in which they are sent: the references, then the target."""
    listed = f"{references} {'reference' if references == 1 else 'references'}"
    if not has_target:
        return listed
    return f"{listed}, then the target" if references else "the target"
