"""`promptmill up`: the whole local stack, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

from promptmill.commands.migrate import apply_schema
from promptmill.config.settings import merged_environment, variable_name
from promptmill.local.folder import open_data_folder
from promptmill.local.plan import plan_stack
from promptmill.local.screen import Screen
from promptmill.local.stack import Stack


def run_up() -> int:
    """Run the local stack; return the exit code.

    Raises:
        PromptmillError: It cannot start, or a component exited.
    """
    screen = Screen()
    with open_data_folder(_data_dir()) as folder:
        # Addresses left by a killed stack must not be mistaken for the user's own servers.
        folder.local_env.unlink(missing_ok=True)
        screen.say("Starting Promptmill:", "bold")
        code = Stack(plan_stack, folder, screen, migrate=apply_schema).run()
    screen.say("Promptmill has stopped; nothing is left running.", "bold")
    return code


def _data_dir() -> Path:
    """Return the data folder without validating the other settings: they may refer to what only a running stack has."""
    return Path(merged_environment().get(variable_name("data_dir"), ".promptmill"))
