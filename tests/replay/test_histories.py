"""Stored histories of every path replay against today's workflows: an upgrade must not break running workflows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from promptmill.temporal.encryption import data_converter
from tests.fixtures.sandbox import sandbox
from tests.replay.paths import PATHS
from worker.build import WORKFLOWS

HISTORIES = Path(__file__).parent / "histories"
RELEASED = sorted((Path(__file__).parent / "released").iterdir())
"""What earlier releases recorded: such workflows run when one of them is replaced."""


def replayer() -> Replayer:
    return Replayer(workflows=WORKFLOWS, data_converter=data_converter(), workflow_runner=sandbox())


@pytest.mark.parametrize("folder", [HISTORIES, *RELEASED], ids=lambda folder: folder.name)
@pytest.mark.parametrize("name", PATHS)
async def test_the_stored_history_replays(name: str, folder: Path) -> None:
    path = folder / f"{name}.json"
    if folder is not HISTORIES and not path.exists():
        pytest.skip("a path that the release did not have")

    await replayer().replay_workflow(WorkflowHistory.from_json(name, json.loads(path.read_text())))


@pytest.mark.parametrize("name", ["completed_with_ai_prompt", "submit_unknown", "prompt_completed"])
async def test_a_history_keeps_the_prefix_that_its_search_attributes_had(name: str) -> None:
    """The worker that replays it has no prefix: the names come from the history's own start."""
    recorded = (HISTORIES / f"{name}.json").read_text()
    history = json.loads(recorded.replace('"JobStatus"', '"MillJobStatus"'))

    await replayer().replay_workflow(WorkflowHistory.from_json(name, history))


def test_no_history_is_left_of_a_path_that_is_gone() -> None:
    assert {path.stem for path in HISTORIES.glob("*.json")} == set(PATHS)
    for folder in RELEASED:
        assert {path.stem for path in folder.glob("*.json")} <= set(PATHS)
