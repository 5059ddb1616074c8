"""Exits a process that has used Temporal's SDK."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn


def hard_exit(code: int) -> NoReturn:
    """End the process with this exit code, without Python's own finalization.

    The SDK's threads may call into Python while it is being torn down, and then the process aborts: one in five short
    commands did (temporalio/sdk-python issue 300). All our resources are closed by now; only flushing is left.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)
