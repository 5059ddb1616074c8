"""What models there are now: WaveSpeed's list, read in the background and believed for a while, else the presets."""

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
"""How long the very first caller waits for WaveSpeed's list; then the presets must do."""

FIRST_LIST_SECONDS: Final = 5.0
"""How long a question about one model waits for the first list, where nothing else can answer it."""

AGAIN_SECONDS: Final = 30.0
"""How long WaveSpeed is not asked after it could not tell its models."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Models:
    """The known models by path, in the order in which a form shows them.

    Attributes:
        as_of: When WaveSpeed's list was read; None where the presets do alone.
    """

    entries: Mapping[str, Entry]
    source: Literal["presets", "wavespeed"]
    as_of: datetime | None


@dataclass
class Catalogue:
    """Remembers WaveSpeed's list; one reader at a time, and what is known stays while WaveSpeed is away.

    Attributes:
        fetch: Reads the list; None where there is no key to ask with.
        fresh_seconds: How long a list is believed before it is read anew.
        clock: Seconds that only grow.
    """

    fetch: Callable[[], Awaitable[Sequence[ListedModel]]] | None
    fresh_seconds: float
    clock: Callable[[], float] = time.monotonic
    _known: Models = field(default_factory=lambda: Models(known_models(()), "presets", None), init=False)
    _reading: asyncio.Task[None] | None = field(default=None, init=False)
    _due_at: float = field(default=float("-inf"), init=False)
    _patient_until: float | None = field(default=None, init=False)

    async def look(self) -> Models:
        """Return what is known now; during the very first read alone it waits for more, and not long."""
        if self.fetch is None:
            return self._known
        if self._reading is None and self.clock() >= self._due_at:
            self._reading = asyncio.create_task(self._read(self.fetch))
            if self._patient_until is None:
                self._patient_until = self.clock() + PATIENCE_SECONDS
        if self._reading is not None and self._known.as_of is None and self._patient_until is not None:
            # When the time is up the reading goes on in the background.
            await asyncio.wait({self._reading}, timeout=max(0.0, self._patient_until - self.clock()))
        return self._known

    async def find(self, model: str, *, patience: float = FIRST_LIST_SECONDS) -> Entry | None:
        """Return what is known of one model; None if WaveSpeed's list does not have it, or there is no key to read it.

        A preset answers at once. For any other model it waits `patience` seconds for a first list that is being read.

        Raises:
            ProviderUnavailable: WaveSpeed's list, which alone can tell, cannot be read now.
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
        """Read no more."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _read(self, fetch: Callable[[], Awaitable[Sequence[ListedModel]]]) -> None:
        pause = min(AGAIN_SECONDS, self.fresh_seconds)
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
    """Open the catalogue of one process; WaveSpeed is not asked before somebody looks."""
    catalogue = Catalogue(account.models if account.has_key else None, settings.models_cache_seconds)
    try:
        yield catalogue
    finally:
        await catalogue.close()
