import socket
from contextlib import closing, suppress
from pathlib import Path

import pytest

from promptmill.config.settings import Settings, variable_name
from promptmill.contracts.errors import ConfigurationError
from promptmill.local.errors import LocalStackError
from promptmill.local.plan import SIMULATOR_KEY, StackPlan, plan_stack


def plan(folder: Path, **values: str) -> StackPlan:
    free = {
        f"PROMPTMILL_{name}": "0"
        for name in (
            "PORT",
            "METRICS_PORT",
            "LOCAL_TEMPORAL_PORT",
            "LOCAL_TEMPORAL_UI_PORT",
            "LOCAL_GROK_PORT",
            "LOCAL_WAVESPEED_PORT",
        )
    }
    return plan_stack({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": str(folder), **free, **values})


def test_without_any_setting_everything_is_started_and_simulated(tmp_path: Path) -> None:
    made = plan(tmp_path)

    assert (made.starts_postgres, made.starts_temporal, made.starts_simulators) == (True, True, True)
    assert made.own["XAI_API_KEY"] == SIMULATOR_KEY
    assert made.own["WAVESPEED_API_BASE"] == f"http://127.0.0.1:{made.settings.local_wavespeed_port}"
    assert made.own["PROMPTMILL_TEMPORAL_PRIORITY_LEVELS"] == "10"


def test_a_key_makes_its_provider_real_and_leaves_the_other_simulated(tmp_path: Path) -> None:
    made = plan(tmp_path, XAI_API_KEY="xai-1")

    assert (made.grok.simulated_by_us, made.grok.billed) == (False, True)
    assert (made.wavespeed.simulated_by_us, made.wavespeed.billed) == (True, False)
    assert "XAI_API_KEY" not in made.own
    assert made.settings.xai_api_base == "https://api.x.ai"


def test_default_address_without_a_key_is_still_simulated(tmp_path: Path) -> None:
    """Somebody who uncomments a line of .env.example without changing it has set no provider."""
    assert plan(tmp_path, XAI_API_BASE="https://api.x.ai/").grok.simulated_by_us


def test_simulator_of_ones_own_is_used_and_costs_nothing(tmp_path: Path) -> None:
    made = plan(tmp_path, WAVESPEED_API_BASE="http://127.0.0.1:1", WAVESPEED_API_KEY="k")

    assert (made.wavespeed.simulated_by_us, made.wavespeed.billed) == (False, False)


def test_own_servers_are_used_and_not_started(tmp_path: Path) -> None:
    made = plan(tmp_path, DATABASE_URL="postgresql://h/d", TEMPORAL_ADDRESS="h:7233", TEMPORAL_API_KEY="k")

    assert (made.starts_postgres, made.starts_temporal) == (False, False)
    child = made.environment({})
    assert (child["DATABASE_URL"], child["TEMPORAL_ADDRESS"]) == ("postgresql://h/d", "h:7233")
    assert child["TEMPORAL_API_KEY"] == "k"


def test_credentials_of_another_temporal_do_not_reach_our_own(tmp_path: Path) -> None:
    child = plan(tmp_path, TEMPORAL_API_KEY="k", TEMPORAL_TLS="true").environment({})

    assert not {"TEMPORAL_API_KEY", "TEMPORAL_TLS"} & child.keys()


def test_real_provider_is_refused_where_only_simulated_ones_may_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="SIMULATED_ONLY"):
        plan(tmp_path, XAI_API_KEY="xai-1", PROMPTMILL_SIMULATED_ONLY="true")
    assert plan(tmp_path, PROMPTMILL_SIMULATED_ONLY="true").starts_simulators


def test_port_zero_becomes_a_free_port_that_everybody_is_told(tmp_path: Path) -> None:
    made = plan(tmp_path)

    assert made.settings.port != 0
    assert made.own["PROMPTMILL_PORT"] == str(made.settings.port)
    assert made.api_url == f"http://127.0.0.1:{made.settings.port}"


def test_an_explicit_value_always_wins(tmp_path: Path) -> None:
    """Every setting that the stack chooses, set to something else: the stack never overrides a person's choice."""
    chosen = {name: value for name, value in plan(tmp_path).own.items() if name.startswith("PROMPTMILL_")}
    ports = {name for name in chosen if name.endswith("_PORT")}
    given = {
        "PROMPTMILL_ALLOW_PRIVATE_ADDRESSES": "false",
        "PROMPTMILL_OUTPUTS": "off",
        "PROMPTMILL_SHUTDOWN_SECONDS": "77",
        "PROMPTMILL_TEMPORAL_PRIORITY_LEVELS": "5",
        "PROMPTMILL_TEMPORAL_UI_URL": "https://temporal.example.com",
    }
    assert given.keys() == chosen.keys() - ports

    child = plan(tmp_path, **given).environment({})

    assert {name: child[name] for name in given} == given


def test_outputs_are_stored_in_the_data_folder_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    chosen = plan(tmp_path)
    assert (chosen.settings.outputs, chosen.settings.outputs_max_bytes) == (str(tmp_path / "outputs"), 20 * 10**9)
    assert plan(tmp_path, PROMPTMILL_OUTPUTS="off").settings.outputs is None
    bucket = plan(tmp_path, PROMPTMILL_OUTPUTS="s3://mill/made/").settings
    assert (bucket.outputs, bucket.outputs_max_bytes) == ("s3://mill/made", None)
    assert plan(tmp_path, PROMPTMILL_OUTPUTS="s3://mill", PROMPTMILL_OUTPUTS_MAX_GB="5").settings.outputs_max_bytes
    assert plan(tmp_path, PROMPTMILL_OUTPUTS_MAX_GB="0").settings.outputs_max_bytes is None


def test_private_addresses_are_allowed_only_beside_the_simulated_wavespeed(tmp_path: Path) -> None:
    assert plan(tmp_path).settings.allow_private_addresses
    assert plan(tmp_path, XAI_API_KEY="xai-1").settings.allow_private_addresses
    assert not plan(tmp_path, WAVESPEED_API_KEY="ws-1").settings.allow_private_addresses


@pytest.mark.parametrize(
    "field", ["metrics_port", "temporal_metrics_port", "local_temporal_port", "local_grok_port", "local_wavespeed_port"]
)
def test_a_port_that_nobody_types_is_replaced_when_it_is_in_use(field: str, tmp_path: Path) -> None:
    """So that a second checkout starts beside the first."""
    default = Settings.model_fields[field].default
    with closing(socket.socket()) as holder:
        with suppress(OSError):  # already taken, which serves the purpose too
            holder.bind(("127.0.0.1", default))
            holder.listen()
        chosen = plan_stack({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": str(tmp_path)})
        named = plan_stack(
            {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": str(tmp_path), variable_name(field): str(default)}
        )

    assert getattr(chosen.settings, field) != default
    assert chosen.own[variable_name(field)] == str(getattr(chosen.settings, field))
    assert getattr(named.settings, field) == default


def test_a_port_that_people_type_is_never_replaced(tmp_path: Path) -> None:
    with closing(socket.socket()) as holder:
        with suppress(OSError):
            holder.bind(("127.0.0.1", 3000))
            holder.listen()
        made = plan_stack({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": str(tmp_path)})
        assert made.settings.port == 3000
        with pytest.raises(LocalStackError, match="PROMPTMILL_PORT=30"):
            made.require_free_ports()


def test_a_temporal_of_ones_own_has_no_link_until_its_web_ui_is_named(tmp_path: Path) -> None:
    own = {"TEMPORAL_ADDRESS": "temporal.example.com:7233"}
    assert plan(tmp_path).settings.temporal_ui_url is not None
    assert plan(tmp_path, **own).settings.temporal_ui_url is None
    named = plan(tmp_path, **own, PROMPTMILL_TEMPORAL_UI_URL="https://temporal.example.com")
    assert named.settings.temporal_ui_url == "https://temporal.example.com"


def test_its_worker_has_no_version_that_somebody_would_have_to_make_current(tmp_path: Path) -> None:
    child = plan(tmp_path, PROMPTMILL_WORKER_VERSIONING="true").environment({})

    assert child["PROMPTMILL_WORKER_VERSIONING"] == "false"
