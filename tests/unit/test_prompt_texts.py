"""What Grok receives: every operation has its system message, and each image its role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from activities.prompt_texts import OPENINGS, question_text
from promptmill.contracts.prompts import Operation, PromptRequest

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def request(**fields: Any) -> PromptRequest:
    """Return a request for a prompt with these fields."""
    return PromptRequest(
        prompt_job_id=UUID(int=1),
        owner="local",
        operation=fields.pop("operation", Operation.GENERATE),
        priority=5,
        deadline_at=NOW + timedelta(days=1),
        created_at=NOW,
        **fields,
    )


def test_every_operation_has_a_system_message() -> None:
    """A new operation cannot reach Grok without one."""
    assert set(OPENINGS) == set(Operation)


def test_words_of_the_caller_stand_under_headings() -> None:
    """Grok can tell the prompt to rewrite from the instructions that change it."""
    text = question_text(request(operation=Operation.ENHANCE, existing_prompt="A fox", instructions="At night"))

    assert text == "Existing prompt:\nA fox\n\nInstructions:\nAt night"


@pytest.mark.parametrize(
    ("references", "target", "roles"),
    [
        (1, False, "Images: 1 reference."),
        (3, False, "Images: 3 references."),
        (0, True, "Images: the target."),
        (2, True, "Images: 2 references, then the target."),
    ],
)
def test_each_image_has_its_role(references: int, target: bool, roles: str) -> None:  # noqa: FBT001 - a case
    """The target is sent last and named only where there is one."""
    url = "https://example.com/image.png"

    text = question_text(request(ref_urls=(url,) * references, target_url=url if target else None))

    assert text == roles
