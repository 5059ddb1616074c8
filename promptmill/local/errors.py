"""What can go wrong when parts are started; each message is one sentence that says what to do."""

from __future__ import annotations

from promptmill.contracts.errors import PromptmillError


class LocalStackError(PromptmillError):
    """The local stack cannot go on."""

    code = "local_stack_error"


class PartFailed(LocalStackError):
    """A part ended by itself, or did not become ready."""

    code = "part_failed"
