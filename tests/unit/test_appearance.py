"""How pictures of the page are compared: what smoothing changes is no difference, what moves is one."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from tests.screenshots.appearance import FOLDER, MOST_DIFFERENT, STATES, difference, stored


def picture(left: int, colour: str = "#4540c6") -> Image.Image:
    made = Image.new("RGB", (200, 100), "white")
    ImageDraw.Draw(made).rectangle((left, 20, left + 60, 80), fill=colour)
    return made


@pytest.mark.parametrize(
    ("other", "differs"),
    [(picture(20), False), (picture(20, "#4a45cb"), False), (picture(40), True), (picture(20, "#c64540"), True)],
    ids=["equal", "a shade", "moved", "another colour"],
)
def test_what_moves_or_has_another_colour_differs(other: Image.Image, *, differs: bool) -> None:
    assert (difference(picture(20), other) > MOST_DIFFERENT) is differs


def test_another_size_is_another_picture() -> None:
    assert difference(picture(20), picture(20).resize((100, 50))) == 1.0


def test_a_picture_is_stored_of_each_state_and_of_nothing_else() -> None:
    names = {f"{name}-{look}" for name, _, looks in STATES for look in looks}
    assert {path.stem for path in FOLDER.glob("*")} == names
    assert all(stored(name).stat().st_size < 60_000 for name in names)
