"""The current models: WaveSpeed's list, read in the background and cached, otherwise the presets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

import structlog

from api.catalogue.entries import Entry, known_models
from api.clock import now
from promptmill.config.presets import load_presets
from promptmill.config.settings import Settings
from promptmill.contracts.catalogue import ListedModel
from promptmill.contracts.errors import ProviderError, ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.wavespeed.account import WaveSpeedAccount

PATIENCE_SECONDS: Final = 1.0
"""How long the very first caller waits for WaveSpeed's list before it gets the presets."""

FIRST_LIST_SECONDS: Final = 5.0
"""How long a lookup of one model waits for the first list, if nothing else can answer it."""

RETRY_SECONDS: Final = 30.0
"""Pause after WaveSpeed failed to return its models."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Models:
    """The known models by path, in the order in which a form shows them.

    Attributes:
        as_of: When WaveSpeed's list was read; None for the presets alone.
    """

    entries: Mapping[str, Entry]
    source: Literal["presets", "wavespeed"]
    as_of: datetime | None


@dataclass
class Catalogue:
    """Caches WaveSpeed's list; one reader at a time, and the last list stays while WaveSpeed is unavailable.

    Attributes:
        fetch: Reads the list; None if there is no key.
        fresh_seconds: How long a list is cached before it is read again.
        clock: Monotonic seconds.
    """

    fetch: Callable[[], Awaitable[Sequence[ListedModel]]] | None
    fresh_seconds: float
    clock: Callable[[], float] = time.monotonic
    _known: Models = field(default_factory=lambda: Models(known_models(()), "presets", None), init=False)
    _reading: asyncio.Task[None] | None = field(default=None, init=False)
    _due_at: float = field(default=float("-inf"), init=False)
    _patient_until: float | None = field(default=None, init=False)

    async def look(self) -> Models:
        """Return the known models; only during the very first read, wait briefly for the list."""
        if self.fetch is None:
            return self._known
        if self._reading is None and self.clock() >= self._due_at:
            self._reading = asyncio.create_task(self._read(self.fetch))
            if self._patient_until is None:
                self._patient_until = self.clock() + PATIENCE_SECONDS
        if self._reading is not None and self._known.as_of is None and self._patient_until is not None:
            # After the timeout the read continues in the background.
            await asyncio.wait({self._reading}, timeout=max(0.0, self._patient_until - self.clock()))
        return self._known

    async def find(self, model: str, *, patience: float = FIRST_LIST_SECONDS) -> Entry | None:
        """Return a known model; None if WaveSpeed's list does not have it, or there is no key to read the list.

        A preset is returned at once. For any other model, wait `patience` seconds for a first list that is being read.

        Raises:
            ProviderUnavailable: Only WaveSpeed's list could tell, and it is unavailable.
        """
        if model in load_presets():
            return self._known.entries[model]
        known = await self.look()
        if self._reading is not None and known.as_of is None:
            await asyncio.wait({self._reading}, timeout=patience)
        if self.fetch is not None and self._known.as_of is None:
            raise ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, "WaveSpeed's models cannot be read now.")
        return self._known.entries.get(model)

    async def close(self) -> None:
        """Stop reading."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _read(self, fetch: Callable[[], Awaitable[Sequence[ListedModel]]]) -> None:
        pause = min(RETRY_SECONDS, self.fresh_seconds)
        try:
            listed = await fetch()
            self._known = Models(known_models(listed), "wavespeed", now())
            pause = self.fresh_seconds
        except ProviderError as error:
            _log.warning("models_unknown", error=str(error))
        finally:
            self._due_at = self.clock() + pause
            self._reading = None


@asynccontextmanager
async def open_catalogue(settings: Settings, account: WaveSpeedAccount) -> AsyncIterator[Catalogue]:
    """Open one process's catalogue; WaveSpeed is first asked when a caller reads it."""
    catalogue = Catalogue(account.models if account.has_key else None, settings.models_cache_seconds)
    try:
        yield catalogue
    finally:
        await catalogue.close()
