"""The drill for developers: what it looks for; `make drills` takes every step of docs/training."""

from __future__ import annotations

import shutil
from pathlib import Path

from promptmill.commands.drills.developer import SCRIPTS, SHAPES, missing_of_field
from tests.fixtures.field_recipe import add_field
from tests.fixtures.session import ROOT


def test_each_step_of_the_recipe_of_a_field_is_looked_for(tmp_path: Path) -> None:
    add_field(tmp_path)
    assert [*missing_of_field(tmp_path)] == []
    for file in (*SHAPES, *SCRIPTS, "sql/functions.sql", "clients/typescript/api.d.ts"):
        changed = tmp_path / file
        text = changed.read_text()
        shutil.copy(ROOT / file, changed)
        assert [*missing_of_field(tmp_path)] != [], file
        changed.write_text(text)
    order = tmp_path / "promptmill/contracts/jobs.py"
    order.write_text(order.read_text().replace("cost_centre: str | None = None", "cost_centre: str | None"))
    assert [*missing_of_field(tmp_path)] == ["JobOrder needs a default for it: running jobs lack it"]
