"""`promptmill outputs`: has outputs stored that are not, and compares the storage with the record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError, NotStored
from promptmill.outputs.naming import all_paths
from promptmill.outputs.storage import OutputStorage, open_storage
from promptmill.store import Store
from sql.models import StoredOutput

KEPT_AT_ONCE: Final = 1000
PAGE: Final = 500

_FIRST: Final = (UUID(int=0), -1)


@dataclass
class Verified:
    """What a comparison found.

    Attributes:
        files: Outputs that are as the record says.
        missing: Those whose file is not there.
        different: Those whose file has another size or content.
        unknown: Files that the record does not know.
    """

    files: int = 0
    missing: int = 0
    different: int = 0
    unknown: int = 0

    @property
    def wrong(self) -> bool:
        """Whether an output is not as the record says."""
        return bool(self.missing or self.different)


async def keep_outputs(settings: Settings, say: Callable[[str], None]) -> None:
    """Have everything stored that WaveSpeed still keeps and that is not.

    Raises:
        ConfigurationError: Outputs are not stored.
    """
    _storage(settings)
    planned = 0
    async with open_record(settings) as store:
        while (kept := await store.outputs.keep(KEPT_AT_ONCE)).planned:
            planned += kept.planned
    # The last call planned nothing new, and saw all that wait or are tried again.
    say(f"{kept.again} outputs are stored from the reconciler's next pass on; {planned} were not planned before.")


async def verify_outputs(
    settings: Settings, say: Callable[[str], None], *, contents: bool, delete_unknown: bool
) -> Verified:
    """Compare the storage with the record.

    Args:
        settings: Where both are.
        say: Told of each difference, by the job, and of the sums.
        contents: Whether every file is read.
        delete_unknown: Whether files that the record does not know are deleted.

    Raises:
        ConfigurationError: Outputs are not stored.
        StorageUnavailable: The storage cannot be read.
    """
    storage = _storage(settings)
    found = Verified()
    async with open_record(settings) as store:
        after = _FIRST
        while page := await store.outputs.page(after, PAGE):
            for output in page:
                await _compare(storage, output, found, say, contents=contents)
            after = (page[-1].job_id, page[-1].index)
        await _look_for_unknown(store, storage, found, delete=delete_unknown)
    say(f"{found.files} outputs are stored; {found.missing} are missing, {found.different} differ.")
    if found.unknown:
        deleted = "were deleted" if delete_unknown else "are left: --delete-unknown deletes them"
        say(f"{found.unknown} files that the record does not know {deleted}.")
    return found


async def _compare(
    storage: OutputStorage, output: StoredOutput, found: Verified, say: Callable[[str], None], *, contents: bool
) -> None:
    try:
        same = await storage.size(output.path or "") == output.bytes
        if same and contents:
            same = await _hash(storage, output.path or "") == output.sha256
    except NotStored:
        found.missing += 1
        say(f"✗ Output {output.index} of job {output.job_id} is missing.")
        return
    found.files += same
    found.different += not same
    if not same:
        say(f"✗ Output {output.index} of job {output.job_id} differs from what was stored.")


async def _hash(storage: OutputStorage, path: str) -> str:
    digest = hashlib.sha256()
    async for chunk in (await storage.open(path)).chunks:
        digest.update(chunk)
    return digest.hexdigest()


async def _look_for_unknown(store: Store, storage: OutputStorage, found: Verified, *, delete: bool) -> None:
    """Count files that lie beside no output that the record knows."""
    there = [path async for path, _ in storage.paths()]
    # Read after the files: the record knows a path before a file is put there.
    known = {beside for path in await store.outputs.paths() for beside in all_paths(path)}
    unknown = [path for path in there if path not in known]
    found.unknown = len(unknown)
    if delete:
        await storage.delete(unknown)


def _storage(settings: Settings) -> OutputStorage:
    storage = open_storage(settings)
    if storage is None:
        raise ConfigurationError("Outputs are not stored: PROMPTMILL_OUTPUTS says where (.env.example).")
    return storage
