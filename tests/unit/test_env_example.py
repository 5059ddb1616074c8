from pathlib import Path

from dotenv import dotenv_values

from promptmill.commands.settings_page import NOT_VARIABLES, env_example
from promptmill.config.outputs import OBJECT_STORE_VARIABLES
from promptmill.config.settings import Settings, load_settings, variable_name
from promptmill.config.temporal import TEMPORAL_VARIABLES

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def uncommented() -> str:
    return "".join(line.removeprefix("#") for line in EXAMPLE.read_text().splitlines(keepends=True) if "=" in line)


def test_env_example_is_what_the_settings_say() -> None:
    """After a change of a setting: `promptmill settings > .env.example`."""
    assert EXAMPLE.read_text() == env_example()


def test_env_example_names_every_variable_once() -> None:
    named = [
        line[1:].split("=")[0] for line in EXAMPLE.read_text().splitlines() if line[:1] == "#" and line[1:2] != " "
    ]

    ours = [variable_name(field) for field in Settings.model_fields if field not in NOT_VARIABLES]
    assert sorted(named) == sorted([*ours, *TEMPORAL_VARIABLES, *OBJECT_STORE_VARIABLES])


def test_every_setting_has_a_sentence() -> None:
    for name, info in Settings.model_fields.items():
        assert info.description is not None, name
        assert info.description.endswith("."), name


def test_env_example_as_it_stands_changes_nothing(tmp_path: Path) -> None:
    """Copied to .env without a change it must not override what a local stack writes."""
    assert dotenv_values(EXAMPLE) == {}


def test_defaults_in_env_example_are_the_defaults(tmp_path: Path) -> None:
    """Uncommenting a line without changing it changes nothing."""
    copy = tmp_path / ".env"
    copy.write_text(uncommented())

    read = load_settings({"PROMPTMILL_ENV_FILE": str(copy), "PROMPTMILL_DATA_DIR": str(tmp_path)})

    plain = load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": str(tmp_path)})
    assert read.model_dump(exclude={"env_file"}) == plain.model_dump(exclude={"env_file"})
