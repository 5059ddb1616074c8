"""What is wrong with a backup; it ends a command and never reaches a caller of the API."""

from __future__ import annotations

from promptmill.contracts.errors import PromptmillError


class BackupUnusable(PromptmillError):
    """A backup is damaged, cannot be decrypted, or does not hold what it should; the message says which."""

    code = "backup_unusable"
