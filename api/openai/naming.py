"""Which model a caller in OpenAI's shape means: one of WaveSpeed's, by its own name or by an alias of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from api.catalogue.entries import Entry
from api.catalogue.reading import Models
from api.http.errors import FieldError, Refused, invalid, short_name
from api.schemas.openai import Model
from promptmill.config.openai import ModelAlias
from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.limits import OwnerLimits


@dataclass(frozen=True)
class Names:
    """The names under which an owner finds models.

    Attributes:
        aliases: Of the settings.
        models: The models that are known now.
        limits: Which of them the owner may use.
    """

    aliases: tuple[ModelAlias, ...]
    models: Models
    limits: OwnerLimits

    def find(self, name: str, *, edits: bool) -> Entry:
        """Return the model that is meant.

        Raises:
            Refused: There is none, or it makes no pictures.
        """
        alias = next((each for each in self.aliases if each.name == name), None)
        model = name if alias is None else alias.edits if edits else alias.makes
        entry = self._entries.get(model)
        if entry is not None and entry.kind is MediaKind.IMAGE:
            return entry
        if entry is not None:
            raise invalid("/model", f"{model} makes {entry.kind}, no pictures: use `POST /api/jobs/create` for it.")
        if self.models.as_of is None:
            raise Refused("provider_unavailable", "WaveSpeed's list of models is not there yet: try again soon.")
        near = get_close_matches(name, [each.id for each in self.all()], n=1, cutoff=0.5)
        meant = f" Did you mean {near[0]}?" if near else " `GET /v1/models` lists all."
        error = FieldError(pointer="/model", message=f"There is no model {short_name(name)!a}.{meant}")
        raise Refused("unknown_model", errors=[error])

    def all(self) -> Iterator[Model]:
        """Yield what may be asked for: the aliases, then WaveSpeed's own names."""
        at = int(self.models.as_of.timestamp()) if self.models.as_of else 0
        for alias in self.aliases:
            if any(self._usable(model) for model in (alias.makes, alias.edits)):
                yield Model(id=alias.name, created=at, owned_by=alias.makes.partition("/")[0])
        for model in self._entries:
            if self._usable(model):
                yield Model(id=model, created=at, owned_by=model.partition("/")[0])

    @property
    def _entries(self) -> Mapping[str, Entry]:
        return self.models.entries

    def _usable(self, model: str) -> bool:
        entry = self._entries.get(model)
        return entry is not None and entry.kind is MediaKind.IMAGE and self.limits.allows_model(model)
