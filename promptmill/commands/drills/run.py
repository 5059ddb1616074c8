"""Sets a drill's scene, and checks what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from uuid_utils import uuid7

from promptmill.commands.drills import developer, operators, support
from promptmill.commands.drills.ground import DrillRefused, Finding, Ground, Scene, open_ground
from promptmill.commands.instance import Failed
from promptmill.config.settings import Settings

Answers = Mapping[str, str]


@dataclass(frozen=True)
class Drill:
    """A drill.

    Attributes:
        prepare: Sets the scene, and returns it with what the check has to know.
        check: Says of each thing whether it has been done.
        briefing: What the person in training is told.
        answers: What the person is asked; given with `--answer`.
    """

    prepare: Callable[[Ground, Scene], Scene]
    check: Callable[[Ground, Scene, Answers], Iterator[Finding]]
    briefing: Callable[[Scene], Sequence[str]]
    answers: tuple[str, ...] = ()


DRILLS: Final[Mapping[str, Drill]] = {
    "support": Drill(support.prepare, support.check, support.briefing, support.ANSWERS),
    "developer": Drill(developer.prepare, developer.check, developer.briefing, developer.ANSWERS),
    "operator": Drill(operators.prepare, operators.check, operators.briefing),
}


def set_drill(settings: Settings, name: str, checkout: Path) -> Sequence[str]:
    """Set a drill's scene anew, and return what the person in training is told.

    Raises:
        DrillRefused: A provider is real, or the scene cannot be set; no fault is left behind.
    """
    file = _file(settings, name)
    try:
        ground = open_ground(settings, checkout)
        ground.clear()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)  # the faults of the scene before are gone
            scene = DRILLS[name].prepare(ground, Scene(name=name, run=f"{name}-{uuid7().hex[-8:]}"))
            file.write_text(scene.model_dump_json(), encoding="utf-8")
        except BaseException:
            ground.clear()
            raise
    except Failed as error:
        raise DrillRefused(f"The scene is not set: {error}.") from error
    except OSError as error:
        raise DrillRefused(
            f"The scene is not set: {file} cannot be written ({error.strerror or error}). Set PROMPTMILL_DATA_DIR to a "
            "folder that can."
        ) from error
    return DRILLS[name].briefing(scene)


def check_drill(settings: Settings, name: str, checkout: Path, answers: Answers) -> Sequence[Finding]:
    """Return what was done. Once nothing is missing, the scene is over and its faults are gone.

    Raises:
        DrillRefused: There is no scene, a provider is real, or an answer is to no question.
    """
    drill, file = DRILLS[name], _file(settings, name)
    unknown = set(answers) - set(drill.answers)
    if unknown:
        asked = f"asks for {', '.join(drill.answers)}" if drill.answers else "asks for no answer"
        raise DrillRefused(f"{min(unknown)} is no question of this drill, which {asked}.")
    try:
        scene = Scene.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        raise DrillRefused(f"No scene is set: run `promptmill drill {name}` first.") from None
    try:
        ground = open_ground(settings, checkout)
        found = [*drill.check(ground, scene, answers)]
        if all(finding.missing is None for finding in found):
            ground.clear()
            file.unlink(missing_ok=True)
    except Failed as error:
        raise DrillRefused(f"Nothing can be checked: {error}.") from error
    return found


def _file(settings: Settings, name: str) -> Path:
    return settings.data_dir / "drills" / f"{name}.json"
