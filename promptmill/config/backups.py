"""Settings of backups of the record."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from promptmill.config.payload_keys import PayloadKeys


class BackupSettings(BaseModel):
    """Where backups are kept, and what they are encrypted with."""

    backup_dir: Path | None = Field(
        None, description="`promptmill backup`: folder of the backups, on another disk than Postgres."
    )
    backup_keys: PayloadKeys = Field(
        (),
        repr=False,
        description="`promptmill backup`: keys that encrypt backups, `id:base64` (`promptmill payload-key`), comma-separated, newest first: the first encrypts, all decrypt. Without one, backups are not encrypted. Keep a copy elsewhere than the backups.",
    )
