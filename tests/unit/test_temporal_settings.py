"""Every wrong setting of Temporal is one sentence that names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptmill.config.settings import load_settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.temporal.connection import connect_config

PEM = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cert.pem").write_text(PEM)
    (tmp_path / "junk.pem").write_text("junk")
    (tmp_path / "broken.toml").write_text("[profile.default\naddress=")
    (tmp_path / "other.toml").write_text('[profile.other]\naddress = "127.0.0.1:1"\n')
    return tmp_path


def config_of(folder: Path, values: dict[str, str]) -> object:
    given = {name: value.replace("{}", str(folder)) for name, value in values.items()}
    return connect_config(load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": str(folder)} | given))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"TEMPORAL_TLS_CLIENT_CERT_PATH": "{}/none.pem", "TEMPORAL_TLS_CLIENT_KEY_PATH": "{}/none.pem"}, "none.pem"),
        ({"TEMPORAL_TLS_SERVER_CA_CERT_PATH": "{}"}, "cannot be read"),
        ({"TEMPORAL_TLS_CLIENT_CERT_PATH": "{}/cert.pem"}, "set TEMPORAL_TLS_CLIENT_KEY_PATH too"),
        ({"TEMPORAL_TLS_CLIENT_KEY_PATH": "{}/cert.pem"}, "set TEMPORAL_TLS_CLIENT_CERT_PATH too"),
        ({"TEMPORAL_TLS_SERVER_CA_CERT_PATH": "{}/junk.pem"}, "TEMPORAL_TLS_SERVER_CA_CERT_PATH is not in PEM form"),
        ({"TEMPORAL_PROFILE": "nope", "TEMPORAL_CONFIG_FILE": "{}/other.toml"}, "'nope' not found"),
        ({"TEMPORAL_CONFIG_FILE": "{}/broken.toml"}, "TOML parse error"),
        ({"TEMPORAL_CONFIG_FILE": "{}/absent.toml"}, "TEMPORAL_CONFIG_FILE names .*absent.toml, which does not exist"),
        ({"TEMPORAL_CONFIG_FILE": "{}"}, "Is a directory"),
        ({"TEMPORAL_ADDRESS": "nonsense"}, "TEMPORAL_ADDRESS is 'nonsense': it must be host:port"),
        ({"TEMPORAL_ADDRESS": "https://cloud.example:7233"}, "must be host:port"),
    ],
)
def test_a_wrong_setting_is_one_sentence(values: dict[str, str], message: str, folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=message) as raised:
        config_of(folder, values)
    assert "\n" not in str(raised.value)


def test_right_settings_pass(folder: Path) -> None:
    config_of(folder, {})
    config_of(folder, {"TEMPORAL_ADDRESS": "temporal.example.com:7233", "TEMPORAL_API_KEY": "k"})
    both = ("TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_KEY_PATH")
    config_of(folder, dict.fromkeys(both, "{}/cert.pem"))
