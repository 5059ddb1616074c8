"""The base of all shapes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """A request or an answer: snake_case in Python, camelCase on the wire.

    Fields that a newer API adds are kept as they are: they are attributes under their names on the wire.
    """

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    def as_json(self) -> dict[str, Any]:
        """Return it as on the wire, without what was not given."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
