"""The drill of developers: a field of a job, and a provider that fails."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from promptmill.commands.drills.ground import Finding, Ground, Scene, wait_for
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.prompts import PromptSource
from promptmill.contracts.reasons import ReasonCode

ANSWERS: Final = ("reason",)
FIELD, NAME_ON_THE_WIRE = "cost_centre", "costCentre"
FAILING: Final = "failing"
BY_GROK: Final = {PromptSource.GROK, PromptSource.GROK_FALLBACK}
_ALWAYS: Final = 100_000

SHAPES: Final = {
    "promptmill/contracts/jobs.py": ("JobOrder",),
    "api/schemas/jobs.py": ("CreateJob", "JobAnswer"),
    "sql/models.py": ("Job",),
}
"""The classes that have the field, by file."""

SCRIPTS: Final = (
    "sql/prompt-queue-schema.sql",
    "sql/functions/accept_job.sql",
    "sql/functions/restore_job.sql",
)
"""The SQL that has its column."""


def prepare(ground: Ground, scene: Scene) -> Scene:
    """Let Grok fail for one job, from now on."""
    ground.grok.order("chat", "status", status=503, times=_ALWAYS, contains=scene.run)
    job_id = ground.create(scene, FAILING, useAiPrompt=True, instructions=f"A lighthouse in the fog, {scene.run}")
    wait_for(lambda: _refused(ground, scene), f"job {job_id} did not ask Grok")
    return scene.model_copy(update={"facts": {FAILING: job_id}})


def briefing(scene: Scene) -> Sequence[str]:
    """Return what is to be done."""
    return [
        f"1. Accounting wants a field `{NAME_ON_THE_WIRE}` of a job: an optional text that the caller gives and sees.",
        f"2. The job {scene.facts[FAILING]} does not get its prompt: find out why, let the provider work again,",
        "   and see that the job has its picture.",
        "docs/training/developer.md says what is asked for. Then: .venv/bin/promptmill drill developer --check",
    ]


def check(ground: Ground, scene: Scene, answers: Mapping[str, str]) -> Iterator[Finding]:
    """Say what has been done, in the checkout and at the installation."""
    missing = [*missing_of_field(ground.checkout)]
    yield Finding(f"A job has the field `{NAME_ON_THE_WIRE}`", "; ".join(missing) or None)
    right = answers.get("reason") == ReasonCode.GROK_UNAVAILABLE
    yield Finding("The cause is known", None if right else "give the reason code of what failed: --answer reason=…")
    done = [job for job in ground.jobs(scene, FAILING) if job["status"] == JobStatus.COMPLETED]
    yield Finding(
        "The job, or a retry of it, has its picture by a prompt of Grok's",
        None if any(job["promptSource"] in BY_GROK for job in done) else "none has completed yet",
    )


def missing_of_field(checkout: Path) -> Iterator[str]:
    """Yield where the field is missing, in the order of the recipe in CONTRIBUTING.md."""
    yield from _missing_of_shapes(checkout)
    yield from _missing_of_sql(checkout)
    if NAME_ON_THE_WIRE not in _text(checkout / "clients" / "typescript" / "api.d.ts"):
        yield "the page's types do not have it: `make types`"


def _missing_of_shapes(checkout: Path) -> Iterator[str]:
    for file, classes in SHAPES.items():
        found = _fields(checkout / file)
        for name in classes:
            field = found.get(name, {}).get(FIELD)
            if field is None:
                yield f"{name} in {file} has no {FIELD}"
            elif name == "JobOrder" and field.value is None:
                yield "JobOrder needs a default for it: running jobs lack it"


def _missing_of_sql(checkout: Path) -> Iterator[str]:
    for file in SCRIPTS:
        if FIELD not in _text(checkout / file):
            yield f"{file} does not name {FIELD}"
    revisions = checkout / "sql" / "migrations" / "versions"
    if not any(FIELD in _text(file) for file in (*revisions.glob("*.py"), *revisions.glob("*.up.sql"))):
        yield "no revision in sql/migrations/versions adds the column"
    listed = _text(checkout / "sql" / "functions.sql")
    functions = [file for file in SCRIPTS if "functions/" in file]
    if any(sha256(_text(checkout / file).encode()).hexdigest() not in listed for file in functions):
        yield "sql/functions.sql is not what `promptmill functions` prints"


def _fields(file: Path) -> dict[str, dict[str, ast.AnnAssign]]:
    """Return the annotated fields of each class of a file; none of a file that cannot be read."""
    try:
        tree = ast.parse(_text(file))
    except SyntaxError:
        return {}
    return {
        node.name: {
            each.target.id: each
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        }
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


def _refused(ground: Ground, scene: Scene) -> dict[str, Any] | None:
    """Return a request of the scene that Grok has answered with its fault; None if there is none yet."""
    for request in ground.grok.book()["requests"]:
        if request["status"] == HTTPStatus.SERVICE_UNAVAILABLE and scene.run in str(request["body"]):
            found: dict[str, Any] = request
            return found
    return None
