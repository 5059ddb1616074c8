"""`promptmill mcp`: an installation as an agent's tools, over standard input and output."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import Context

from promptmill.agents.calls import Calls, over_the_wire
from promptmill.agents.saving import Folder
from promptmill.agents.server import make_server
from promptmill.contracts.errors import ConfigurationError


def serve(url: str, key: str | None, folder: Path | None) -> None:
    """Serve until standard input ends.

    Raises:
        ConfigurationError: There is no such folder, or nothing may be written there.
    """
    if folder is not None and not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ConfigurationError(f"--folder: {folder} is no folder that can be written to.")

    def reach(_: Context[Any, Any]) -> AbstractAsyncContextManager[Calls]:
        return over_the_wire(url, key)

    make_server(reach, None if folder is None else Folder(folder.resolve())).run("stdio")
