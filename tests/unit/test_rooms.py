from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("room", ["workflows", "activities", "api", "worker", "sql", "promptmill"])
def test_each_room_is_ours(room: str) -> None:
    """Packages with such names exist; one installed alongside ours must not be imported instead."""
    spec = find_spec(room)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).parent == ROOT / room


def test_no_folder_of_tests_is_a_package() -> None:
    """A package `tests/api` would be imported instead of our `api`."""
    assert not list((ROOT / "tests").rglob("__init__.py"))
