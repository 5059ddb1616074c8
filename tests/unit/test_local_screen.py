import io
import json
from pathlib import Path

from rich.console import Console

from promptmill.local.folder import DataFolder
from promptmill.local.plan import plan_stack
from promptmill.local.screen import Screen
from promptmill.local.tail import LogTail, short_line


def shown(folder: Path, *, key_needed: bool = False, **values: str) -> str:
    """What the terminal shows at the end of a start."""
    plan = plan_stack({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": str(folder), **values})
    output = io.StringIO()
    screen = Screen(Console(file=output, width=60, soft_wrap=True))
    screen.show_addresses(
        plan,
        DataFolder(folder),
        {"DATABASE_URL": "postgresql://postgres@/promptmill?host=/somewhere"},
        key_needed=key_needed,
    )
    return output.getvalue()


def line(text: str, start: str) -> str:
    (found,) = [each for each in text.splitlines() if each.strip().startswith(start)]
    return found


def test_provider_with_a_key_is_called_real_and_billed(tmp_path: Path) -> None:
    text = shown(tmp_path, XAI_API_KEY="xai-1")

    assert "REAL, will be billed" in line(text, "Grok")
    assert "simulator, free of charge" in line(text, "WaveSpeed")
    assert "xai-1" not in text


def test_simulator_of_ones_own_is_not_called_billed(tmp_path: Path) -> None:
    text = shown(tmp_path, XAI_API_KEY="k", XAI_API_BASE="http://127.0.0.1:1")

    assert "REAL" not in text


def test_addresses_are_whole_in_a_narrow_terminal(tmp_path: Path) -> None:
    assert "postgresql://postgres@/promptmill?host=/somewhere" in shown(tmp_path)


def test_request_to_copy_is_one_line_with_valid_json(tmp_path: Path) -> None:
    request = line(shown(tmp_path), "curl")

    assert json.loads(request.split(" -d ")[1].strip("'"))["useAiPrompt"] is True


def test_request_to_copy_names_the_token_without_telling_it(tmp_path: Path) -> None:
    text = shown(tmp_path, PROMPTMILL_API_TOKEN="hush")

    assert "Bearer $PROMPTMILL_API_TOKEN" in line(text, "curl")
    assert "hush" not in text


def test_request_to_copy_carries_a_key_where_one_is_needed(tmp_path: Path) -> None:
    assert "Bearer $PROMPTMILL_KEY" in line(shown(tmp_path, key_needed=True), "curl")
    assert "Authorization" not in line(shown(tmp_path), "curl")


def test_own_servers_are_named_without_their_passwords(tmp_path: Path) -> None:
    text = shown(tmp_path, DATABASE_URL="postgresql://u:hush@h/d", TEMPORAL_ADDRESS="h:7233")

    assert "hush" not in text
    assert "your own server" in line(text, "Postgres")


def test_what_the_stack_chose_is_told_with_its_reason(tmp_path: Path) -> None:
    chosen = "PROMPTMILL_ALLOW_PRIVATE_ADDRESSES=false"
    reason = line(shown(tmp_path), "Image and callback URLs may point to private networks")

    assert "because WaveSpeed is simulated" in reason
    assert chosen in reason
    assert chosen not in shown(tmp_path, PROMPTMILL_ALLOW_PRIVATE_ADDRESSES="false")
    assert chosen not in shown(tmp_path, WAVESPEED_API_KEY="ws-1")


def test_where_outputs_are_stored_and_when_they_are_deleted_is_told_beforehand(tmp_path: Path) -> None:
    told = line(shown(tmp_path), "Outputs are stored in")

    assert "At 20 GB the oldest that nobody likes are deleted." in told
    assert "PROMPTMILL_OUTPUTS=off stores none" in told
    assert "Outputs are stored in" not in shown(tmp_path, PROMPTMILL_OUTPUTS="off")


def test_log_entries_become_short_lines() -> None:
    entry = {"at": "2026-01-02T03:04:05Z", "level": "warning", "event": "job_failed", "job_id": "1", "reason_code": "x"}

    assert short_line("worker", json.dumps(entry)) == "03:04:05 worker WARNING job failed job_id=1 reason_code=x"


def test_reads_that_went_well_are_not_shown() -> None:
    entry = {"at": "", "level": "info", "event": "request", "method": "GET", "path": "/api/jobs", "status": 200}

    assert short_line("API", json.dumps(entry)) is None
    assert short_line("API", json.dumps(entry | {"status": 404})) is not None
    assert short_line("API", json.dumps(entry | {"method": "POST"})) is not None


def test_calls_to_providers_that_need_nobody_are_not_shown() -> None:
    call = {"event": "provider_call", "level": "info", "at": "2026-01-02T03:04:05Z"}

    assert short_line("worker", json.dumps(call)) is None
    assert short_line("worker", json.dumps(call | {"level": "warning"})) is not None


def test_tail_yields_an_entry_once_and_only_when_it_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text('{"event": "before"}\n')
    tail = LogTail("API", log)
    tail.skip()
    whole = json.dumps({"event": "after", "level": "info"})
    with log.open("a") as target:
        target.write(whole[:10])
    assert list(tail.lines()) == []
    with log.open("a") as target:
        target.write(whole[10:] + "\n")

    assert [text.split()[-1] for text in tail.lines()] == ["after"]
    assert list(tail.lines()) == []


def test_what_a_caller_wrote_moves_no_cursor() -> None:
    """A path that a caller made up is shown as a line about a request."""
    output = io.StringIO()
    Screen(Console(file=output, force_terminal=True)).say("GET /\x1b[2J\x1b]0;title\x07 404")

    assert r"GET /\x1b[2J\x1b]0;title\x07 404" in output.getvalue()
    assert "\x1b[2J" not in output.getvalue()
