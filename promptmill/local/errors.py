"""Errors of starting components; each message is one sentence that says what to do."""

from __future__ import annotations

from promptmill.contracts.errors import PromptmillError


class LocalStackError(PromptmillError):
    """The local stack cannot continue."""

    code = "local_stack_error"


class PartFailed(LocalStackError):
    """A component exited, or did not become ready."""

    code = "part_failed"
