"""`python -m tests.file_limits MODULE NEXT_STEP`: start a process as far as its next step, with limits on open files.

Twice: the system allows enough, then too little. Prints, as JSON, the exit code, the limit that the process has set
itself, and what it said.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from contextlib import redirect_stderr
from io import StringIO
from typing import Any
from unittest.mock import patch

SOFT = 256
ENOUGH, TOO_FEW = 4096, 300


def start(process: Any, next_step: str, hard: int) -> tuple[Any, int, str]:
    resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, hard))
    with patch.object(process, next_step, side_effect=SystemExit(0)), redirect_stderr(StringIO()) as told:
        try:
            code = process.main()
        except SystemExit as done:
            code = done.code
    return code, resource.getrlimit(resource.RLIMIT_NOFILE)[0], told.getvalue()


if __name__ == "__main__":
    module = importlib.import_module(sys.argv[1])
    sys.stdout.write(json.dumps([start(module, sys.argv[2], hard) for hard in (ENOUGH, TOO_FEW)]))
