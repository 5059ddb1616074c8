"""The prompt that replaces Grok's if a job sets `onPromptFailure: template`."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from promptmill.contracts.jobs import JobInput


def template_prompt(job: JobInput) -> str:
    """Return a plain prompt: the caller's prompt, the instructions, and the role of each image, in this order.

    Documented in `docs/architecture.md`; the same inputs always give the same text.
    """
    parts = [text.strip().rstrip(".") for text in (job.prompt, job.instructions) if text and text.strip()]
    if job.target_url and job.ref_urls:
        parts.append("Keep the composition of the last picture and take subject and style from the others")
    elif job.target_url or job.ref_urls:
        parts.append("Keep the subject, composition and style of the given picture")
    parts.append("High detail, natural light, coherent composition")
    return ". ".join(parts) + "."
