from pathlib import Path

import pytest

from promptmill.addresses import is_loopback_url
from promptmill.config.advice import start_warnings
from promptmill.config.settings import load_settings, merged_environment
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.jobs import ProviderMode


def environment(folder: Path, **values: str) -> dict[str, str]:
    return {"PROMPTMILL_DATA_DIR": str(folder), "PROMPTMILL_ENV_FILE": str(folder / ".env"), **values}


def test_environment_goes_before_env_file_and_that_before_local_env(tmp_path: Path) -> None:
    (tmp_path / "local.env").write_text("PROMPTMILL_PORT=1\nPROMPTMILL_HOST=127.0.0.2\nDATABASE_URL=local\n")
    (tmp_path / ".env").write_text("PROMPTMILL_PORT=2\nPROMPTMILL_HOST=127.0.0.3\n")

    merged = merged_environment(environment(tmp_path, PROMPTMILL_PORT="3"))

    assert (merged["PROMPTMILL_PORT"], merged["PROMPTMILL_HOST"], merged["DATABASE_URL"]) == ("3", "127.0.0.3", "local")


def test_empty_value_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("XAI_API_KEY=\n")

    settings = load_settings(environment(tmp_path, WAVESPEED_API_KEY="", PROMPTMILL_PORT=""))

    assert (settings.xai_api_key, settings.wavespeed_api_key, settings.port) == (None, None, 3000)


def test_empty_env_file_name_reads_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PROMPTMILL_PORT=2\n")
    monkeypatch.chdir(tmp_path)

    assert load_settings(environment(tmp_path) | {"PROMPTMILL_ENV_FILE": ""}).port == 3000


def test_wrong_value_is_told_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="PROMPTMILL_PORT is not valid"):
        load_settings(environment(tmp_path, PROMPTMILL_PORT="many"))


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    settings = load_settings(
        environment(tmp_path, XAI_API_KEY="hush-1", DATABASE_URL="postgresql://u:hush-2@h/d", TEMPORAL_API_KEY="hush-3")
    )

    assert "hush" not in repr(settings)


def test_real_provider_is_refused_where_only_simulated_ones_may_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"api\.x\.ai.*PROMPTMILL_SIMULATED_ONLY"):
        load_settings(environment(tmp_path, PROMPTMILL_SIMULATED_ONLY="true"))


@pytest.mark.parametrize("given", ["", "/mill", "/tools/mill-2", "/a.b/c_d"])
def test_a_prefix_is_a_path(tmp_path: Path, given: str) -> None:
    assert load_settings(environment(tmp_path, PROMPTMILL_ROOT_PATH=given)).root_path == given


@pytest.mark.parametrize(
    "given",
    [
        "mill",
        "/",
        "/mill/",
        "//mill",
        "/mill//x",
        "/..",
        "/mill/../x",
        "/mi ll",
        "/mill?x",
        "/mill#x",
        "/m%69ll",
        "/mül",
        '/m"l',
    ],
)
def test_what_is_no_prefix_is_refused_in_one_sentence(tmp_path: Path, given: str) -> None:
    with pytest.raises(
        ConfigurationError, match="PROMPTMILL_ROOT_PATH is not valid: must be a path such as /mill"
    ) as refused:
        load_settings(environment(tmp_path, PROMPTMILL_ROOT_PATH=given))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", ["/api", "/docs/mill", "/web"])
def test_a_prefix_is_no_path_of_the_apis_own(tmp_path: Path, given: str) -> None:
    with pytest.raises(
        ConfigurationError, match=f"PROMPTMILL_ROOT_PATH is not valid: must not begin with /{given.split('/')[1]}"
    ):
        load_settings(environment(tmp_path, PROMPTMILL_ROOT_PATH=given))


@pytest.mark.parametrize(
    ("public_url", "published"),
    [
        ("https://hooks.example", "https://hooks.example/mill"),
        ("https://hooks.example/", "https://hooks.example/mill"),
        ("https://hooks.example/mill", "https://hooks.example/mill"),
        ("https://hooks.example/another", "https://hooks.example/another"),
        ("", None),
    ],
)
def test_the_public_address_has_the_prefix_or_a_path_of_its_own(
    tmp_path: Path, public_url: str, published: str | None
) -> None:
    given = environment(tmp_path, PROMPTMILL_PUBLIC_URL=public_url, PROMPTMILL_ROOT_PATH="/mill")
    assert load_settings(given).published_url == published


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://mill.example/", "https://mill.example"),
        ("https://mill.example:8443/behind/a/proxy", "https://mill.example:8443/behind/a/proxy"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
    ],
)
def test_public_address_is_https_or_this_machine(tmp_path: Path, given: str, kept: str) -> None:
    assert load_settings(environment(tmp_path, PROMPTMILL_PUBLIC_URL=given)).public_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "http://mill.example",
        "mill.example",
        "https://",
        "https://u:p@mill.example",
        "https://mill.example?a=b",
        "https://mill.example/#x",
        "ftp://mill.example",
        "https://mill.example:99999",
        "http://10.0.0.1:3000",
    ],
)
def test_wrong_public_address_is_refused_by_its_variable(tmp_path: Path, given: str) -> None:
    with pytest.raises(ConfigurationError, match="PROMPTMILL_PUBLIC_URL is not valid"):
        load_settings(environment(tmp_path, PROMPTMILL_PUBLIC_URL=given))


def test_missing_database_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL is not set.*make up"):
        load_settings(environment(tmp_path)).require_database_url()


@pytest.mark.parametrize(
    ("base", "loopback"),
    [
        ("http://127.0.0.1:3900", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("https://api.x.ai", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost@example.com", False),
        ("127.0.0.1:3900", False),
        ("", False),
    ],
)
def test_only_loopback_addresses_count_as_simulators(base: str, *, loopback: bool) -> None:
    assert is_loopback_url(base) is loopback


def test_provider_is_real_unless_its_base_is_loopback(tmp_path: Path) -> None:
    settings = load_settings(environment(tmp_path, XAI_API_BASE="http://127.0.0.1:1"))

    assert (settings.grok_mode, settings.wavespeed_mode) == (ProviderMode.SIMULATED, ProviderMode.REAL)


def test_lists_are_comma_separated(tmp_path: Path) -> None:
    settings = load_settings(environment(tmp_path, PROMPTMILL_GROK_MODELS=" grok-a, grok-b ,"))

    assert settings.grok_models == ("grok-a", "grok-b")


def test_a_former_name_is_still_read_and_the_new_one_wins(tmp_path: Path) -> None:
    former = {"PROMPTMILL_LISTEN_DATABASE_URL": "postgresql://former/mill", "DATABASE_URL": "postgresql://pooler/mill"}

    assert load_settings(environment(tmp_path, **former)).require_direct_database_url() == "postgresql://former/mill"
    both = former | {"PROMPTMILL_DATABASE_DIRECT_URL": "postgresql://new/mill"}
    assert load_settings(environment(tmp_path, **both)).require_direct_database_url() == "postgresql://new/mill"
    assert load_settings(environment(tmp_path)).database_direct_url is None


def test_temporal_variables_are_gathered(tmp_path: Path) -> None:
    (tmp_path / "local.env").write_text("TEMPORAL_ADDRESS=127.0.0.1:1\n")

    settings = load_settings(environment(tmp_path, TEMPORAL_NAMESPACE="mine"))

    assert settings.temporal == {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TEMPORAL_NAMESPACE": "mine"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"XAI_API_KEY": "k", "XAI_API_BASE": "http://10.0.0.5:80"}, "XAI_API_BASE is http://10.0.0.5:80"),
        ({"WAVESPEED_API_KEY": "k", "WAVESPEED_API_BASE": "http://gateway.example"}, "unencrypted; use https"),
        ({"PROMPTMILL_API_TOKEN": "a", "PROMPTMILL_HOST": "0.0.0.0"}, "needs 32 or more"),
        ({"PROMPTMILL_API_TOKEN": " " * 40, "PROMPTMILL_HOST": "0.0.0.0"}, "blank"),
        ({"PROMPTMILL_API_TOKEN": "   "}, "blank"),
        ({"PROMPTMILL_API_TOKEN_2": "t" * 32}, "API_TOKEN_2 is set without PROMPTMILL_API_TOKEN"),
        ({"PROMPTMILL_API_TOKEN": "t" * 32, "PROMPTMILL_API_TOKEN_2": " t "}, "API_TOKEN_2 is blank"),
        (
            {"PROMPTMILL_API_TOKEN": "t" * 32, "PROMPTMILL_API_TOKEN_2": "a", "PROMPTMILL_HOST": "0.0.0.0"},
            "API_TOKEN_2 has 1 characters.*needs 32 or more",
        ),
        ({"PROMPTMILL_ALLOWED_HOSTS": "*"}, "PROMPTMILL_ALLOWED_HOSTS.*would never match"),
        ({"PROMPTMILL_ALLOWED_HOSTS": "a.example,.example.com"}, "'.example.com' would never match"),
        ({"PROMPTMILL_ALLOWED_HOSTS": "mill.example:8443"}, "'mill.example:8443' would never match"),
        ({"PROMPTMILL_ALLOWED_HOSTS": "https://mill.example"}, "would never match"),
        ({"PROMPTMILL_KEEP_DAYS": "0.5"}, "PROMPTMILL_KEEP_DAYS.*at least a day"),
        ({"PROMPTMILL_WEBHOOK_DAYS": "0.5"}, "PROMPTMILL_WEBHOOK_DAYS.*greater than or equal to 1"),
        ({"PROMPTMILL_IDEMPOTENCY_DAYS": "0"}, "PROMPTMILL_IDEMPOTENCY_DAYS.*greater than or equal to 1"),
        ({"PROMPTMILL_WAVESPEED_PER_SECOND": "inf"}, "PROMPTMILL_WAVESPEED_PER_SECOND.*finite"),
        ({"PROMPTMILL_SEARCH_ATTRIBUTE_PREFIX": "my-mill"}, "SEARCH_ATTRIBUTE_PREFIX.*letters, digits and underscores"),
        ({"PROMPTMILL_SEARCH_ATTRIBUTE_PREFIX": "1"}, "a letter first"),
        ({"PROMPTMILL_SEARCH_ATTRIBUTE_PREFIX": "TemporalMill"}, "which Temporal reserves"),
    ],
)
def test_an_unsafe_or_useless_value_is_refused(values: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_settings(environment(tmp_path, **values))


@pytest.mark.parametrize(
    "values",
    [
        {"XAI_API_KEY": "k", "XAI_API_BASE": "http://127.0.0.1:1"},
        {"PROMPTMILL_API_TOKEN": "t" * 32, "PROMPTMILL_HOST": "0.0.0.0"},
        {"PROMPTMILL_API_TOKEN": "short"},
        {"PROMPTMILL_API_TOKEN": "t" * 32, "PROMPTMILL_API_TOKEN_2": "u" * 32, "PROMPTMILL_HOST": "0.0.0.0"},
        {"PROMPTMILL_ALLOWED_HOSTS": "mill.example.com, 10.0.0.5, fd00::1, my_host, mill.example."},
        {"PROMPTMILL_KEEP_DAYS": "1"},
        {"PROMPTMILL_KEEP_DAYS": "0"},
        {"PROMPTMILL_SEARCH_ATTRIBUTE_PREFIX": "Mill_2_"},
    ],
)
def test_what_is_safe_is_taken(values: dict[str, str], tmp_path: Path) -> None:
    load_settings(environment(tmp_path, **values))


@pytest.mark.parametrize(
    ("content", "mode", "warned"),
    [
        ("XAI_API_KEY=xai-1", 0o644, True),
        ("PROMPTMILL_API_TOKEN=t", 0o640, True),
        ("XAI_API_KEY=xai-1", 0o600, False),
        ("PROMPTMILL_PORT=3001", 0o644, False),
        ("XAI_API_KEY=", 0o644, False),
    ],
)
def test_secrets_that_other_users_can_read_are_told(content: str, mode: int, *, warned: bool, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(content + "\n")
    file.chmod(mode)
    environ = environment(tmp_path)

    told = start_warnings(load_settings(environ), environ)

    assert any("chmod 600" in warning for warning in told) is warned
    assert "xai-1" not in str(told)


def test_a_short_token_on_loopback_is_told(tmp_path: Path) -> None:
    environ = environment(tmp_path, PROMPTMILL_API_TOKEN="short")
    assert "PROMPTMILL_API_TOKEN is short" in start_warnings(load_settings(environ), environ)[0]


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({}, False),
        ({"PROMPTMILL_ALLOWED_HOSTS": "mill.example"}, True),
        ({"PROMPTMILL_TRUSTED_PROXIES": "127.0.0.1"}, True),
        ({"PROMPTMILL_ROOT_PATH": "/mill"}, True),
        ({"PROMPTMILL_ROOT_PATH": "/mill", "PROMPTMILL_API_TOKEN": "long enough not to be guessed"}, False),
    ],
)
def test_open_access_behind_a_proxy_is_told(tmp_path: Path, values: dict[str, str], *, warned: bool) -> None:
    environ = environment(tmp_path, **values)

    assert any("whom the proxy lets in" in told for told in start_warnings(load_settings(environ), environ)) is warned


def test_aliases_of_models_are_read_with_their_models_for_edits(tmp_path: Path) -> None:
    named = "gpt-image-1=a/b|a/b/edit, dall-e-3=c/d"

    aliases = load_settings(environment(tmp_path, PROMPTMILL_OPENAI_MODELS=named)).openai_models

    assert [tuple(alias) for alias in aliases] == [("gpt-image-1", "a/b", "a/b/edit"), ("dall-e-3", "c/d", "c/d")]


@pytest.mark.parametrize("named", ["gpt", "a/b=c/d", "gpt=c", "x=c/d|e", "x=a/b,x=c/d", "=a/b", "x=a/b|c/d|e/f"])
def test_an_alias_that_means_nothing_is_refused(tmp_path: Path, named: str) -> None:
    with pytest.raises(ConfigurationError, match=r"PROMPTMILL_OPENAI_MODELS is not valid"):
        load_settings(environment(tmp_path, PROMPTMILL_OPENAI_MODELS=named))
