"""`python -m tests.drills.next_release`: the worker of a later release, whose jobs have a step more."""

from __future__ import annotations

from temporalio import workflow

import worker.__main__ as entry
from promptmill.contracts.jobs import SubmitResult
from promptmill.hard_exit import hard_exit
from workflows.generate_media import GenerateMediaWorkflow

_today = GenerateMediaWorkflow._submit


async def _submit(self: GenerateMediaWorkflow, prompt: str) -> SubmitResult:
    if workflow.patched("next-release"):
        await workflow.sleep(0.1, summary="a step that this release does not have")
    return await _today(self, prompt)


GenerateMediaWorkflow._submit = _submit  # type: ignore[method-assign]

if __name__ == "__main__":
    hard_exit(entry.main())
