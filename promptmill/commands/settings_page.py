"""`.env.example`, made from the settings themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from promptmill.config.settings import TEMPORAL_VARIABLES, Settings, variable_name

HEAD = """\
# Every setting of Promptmill with its default. Copy this file to .env and uncomment what you change.
# The environment goes before .env; what `make up` has started goes behind it. Durations are seconds.
# This file is made by `promptmill settings`; a test holds it equal to the code.
"""
NOT_VARIABLES = frozenset({"temporal"})
"""Fields that are gathered from other variables."""

WIDTH = 118


def env_example() -> str:
    """Return the text of `.env.example`: each variable commented out, with its default and a sentence."""
    lines = [HEAD]
    for name, info in Settings.model_fields.items():
        if name not in NOT_VARIABLES:
            lines += _entry(variable_name(name), default_text(info), info.description or "")
    lines.append("# -- What Temporal's SDK reads by itself; its profile file works as well\n")
    for variable, meaning in TEMPORAL_VARIABLES.items():
        lines += _entry(variable, "", meaning)
    return "\n".join(lines)


def default_text(info: FieldInfo) -> str:
    """Return a field's default as one writes it in the environment."""
    value = info.default
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(str(each) for each in value)
    return str(value)


def _entry(variable: str, default: str, meaning: str) -> Iterator[str]:
    yield textwrap.fill(meaning, WIDTH, initial_indent="# ", subsequent_indent="# ")
    yield f"#{variable}={default}\n"
