"""The command line refuses a wrong option before it changes anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptmill.cli import app
from promptmill.cli.user.approving import read_lines

WRONG_OPTION = 2


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("drain", "--timeout", "-1"), "--timeout"),
        (("drain", "--timeout", "nan"), "--timeout"),
        (("drain", "--timeout", "inf"), "--timeout"),
        (("brake", "on"), "--reason"),
        (("brake", "on", "--reason", " "), "--reason"),
        (("flag", "ai-prompts", "off"), "--reason"),
        (("flag", "ai-prompts", "off", "--reason", " "), "--reason"),
        (("owners", "add", "Team A"), "NAME"),
        (("keys", "create", "--name", "ci"), "--role"),
        (("keys", "create", "--name", "ci", "--role", "member", "--scope", "admin"), "not both"),
        (("keys", "create", "--name", "ci", "--role", "membre"), "Did you mean member?"),
        (("keys", "create", "--name", "ci", "--scope", "job:read"), "Did you mean jobs:read?"),
        (("keys", "create", "--name", " ", "--role", "member"), "--name"),
        (("keys", "create", "--name", "ci", "--role", "member", "--expires", "soon"), "--expires"),
        (("sessions", "end", "7"), "ID"),
    ],
)
def test_a_wrong_option_is_named_and_nothing_is_asked(command: tuple[str, ...], named: str) -> None:
    # Neither Postgres nor Temporal is available: a command that got further would fail differently.
    nowhere = {
        "PROMPTMILL_ENV_FILE": "",
        "DATABASE_URL": "postgresql://postgres@127.0.0.1:9/none",
        "TEMPORAL_ADDRESS": "127.0.0.1:9",
    }
    result = CliRunner(env={"NO_COLOR": "1", "TERM": "dumb"}).invoke(app, command, env=nowhere)

    assert result.exit_code == WRONG_OPTION
    assert named in result.output


def test_a_separator_of_unicodes_within_a_line_makes_no_second_prompt(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_bytes("\ufeffa fox\u2028in snow\r\n\r\nan owl\x85 at night\ra hare\n".encode())
    assert read_lines(file) == ["a fox\u2028in snow", "an owl\x85 at night", "a hare"]
