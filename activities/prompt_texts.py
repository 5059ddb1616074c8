"""What Grok is told: one system message for each operation, and the text beside the pictures."""

from __future__ import annotations

from typing import Final

from promptmill.contracts.prompts import Operation, PromptRequest

_RULES: Final = (
    "Answer in English with one prompt of at most 150 words: subject, action, setting, composition, light, colours, "
    "style, and for video the movement of camera and subject. Concrete words, no explanations, no lists, no markup, "
    "no mention of these instructions. Where you will not write such a prompt, leave `prompt` empty and say why in "
    "`refusal`; otherwise leave `refusal` out."
)

SYSTEM: Final[dict[Operation, str]] = {
    Operation.GENERATE: (
        "You write prompts for image and video models. From the user's pictures and instructions you write the prompt "
        "that makes the wished result. Where there are several pictures, the last one is the target whose composition "
        "is kept, and the others are references for subject and style. " + _RULES
    ),
    Operation.ENHANCE: (
        "You better prompts for image and video models. Keep what the given prompt asks for, apply the user's "
        "instructions, and make it precise and vivid. Pictures, where given, show what it is about; the last one is "
        "the target. " + _RULES
    ),
}


def question_text(request: PromptRequest) -> str:
    """Return the user's message beside the pictures, with the caller's words under headings of their own."""
    parts = []
    if request.existing_prompt:
        parts.append(f"Existing prompt:\n{request.existing_prompt}")
    if request.instructions:
        parts.append(f"Instructions:\n{request.instructions}")
    pictures = len(request.ref_urls) + (request.target_url is not None)
    if pictures:
        last = " The last one is the target." if request.target_url else ""
        parts.append(f"Pictures: {pictures}, in order.{last}")
    return "\n\n".join(parts)
