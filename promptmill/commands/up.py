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
        PromptmillError: It cannot start, or a part ended.
    """
    screen = Screen()
    with open_data_folder(_data_dir()) as folder:
        # Addresses of a stack that was killed must not pass for servers of one's own.
        folder.local_env.unlink(missing_ok=True)
        screen.say("Promptmill starts:", "bold")
        code = Stack(plan_stack, folder, screen, migrate=apply_schema).run()
    screen.say("Promptmill has stopped; nothing is left running.", "bold")
    return code


def _data_dir() -> Path:
    """Return the data folder without looking at the other settings: they may name what only a running stack has."""
    return Path(merged_environment().get(variable_name("data_dir"), ".promptmill"))
