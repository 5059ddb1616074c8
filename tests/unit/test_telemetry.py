import json
import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from promptmill.telemetry import (
    MAX_ITEMS,
    MAX_TEXT,
    flatten_temporal,
    hide_secrets,
    show_controls,
    without_secrets,
)

LOG_ONCE = """
import logging
import structlog
from promptmill.config.settings import load_settings
from promptmill.telemetry import configure_logging

configure_logging(load_settings({"PROMPTMILL_ENV_FILE": ""}), "worker")
NUMBERS = {"ms": float("nan"), "sizes": {1: [float("inf"), 1.5]}}
structlog.get_logger("ours").info("job_ended", job_id="1", api_key="xai-1", text="postgresql://u:pw@h/d", **NUMBERS)
logging.getLogger("httpx").info("GET https://example.com")
details = {"workflow_id": "job-2", "attempt": 3}
logging.getLogger("theirs").warning("%s is slow", "it", extra={"temporal_activity": details})
try:
    raise ValueError("no postgresql://u:pw@h/d")
except ValueError:
    logging.getLogger("theirs").exception("failed")
"""


@pytest.fixture(scope="module")
def lines() -> list[dict[str, object]]:
    """What a process writes if its output is not a terminal; in a separate process, because logging is global."""
    done = subprocess.run([sys.executable, "-c", LOG_ONCE], check=True, capture_output=True, text=True)
    return [json.loads(line, parse_constant=_refuse) for line in done.stderr.splitlines()]


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_a_terminal_is_shown_no_variables_and_no_secrets() -> None:
    """Structlog's default prints every frame's variables, keys included, and takes seconds."""
    script = LOG_ONCE.replace('""}', '"", "PROMPTMILL_LOG_FORMAT": "text"}').replace(
        "try:\n", "api_key_in_a_frame = 'hush'\ntry:\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, capture_output=True, text=True)

    assert "ValueError: no postgresql://u:***@h/d" in done.stderr
    assert "hush" not in done.stderr
    assert "pw@" not in done.stderr.replace('raise ValueError("no postgresql://u:pw@h/d")', "")


def test_every_line_is_json_with_time_level_process_and_event(lines: list[dict[str, object]]) -> None:
    assert all({"at", "level", "process", "event", "logger"} <= line.keys() for line in lines)
    assert [line["event"] for line in lines] == ["job_ended", "it is slow", "failed"]


def test_secrets_are_not_logged(lines: list[dict[str, object]]) -> None:
    assert "xai-1" not in json.dumps(lines)
    assert "pw" not in json.dumps(lines)
    assert lines[0]["text"] == "postgresql://u:***@h/d"


def test_requests_of_the_http_library_are_not_told(lines: list[dict[str, object]]) -> None:
    assert not [line for line in lines if line["logger"] == "httpx"]


def test_temporals_details_become_plain_ids(lines: list[dict[str, object]]) -> None:
    assert {"workflow_id": "job-2", "job_id": "2", "attempt": 3}.items() <= lines[1].items()
    assert "temporal_activity" not in lines[1]


def test_prompt_workflow_names_its_prompt_job() -> None:
    details = {"workflow_id": "prompt-3", "run_id": "r"}
    event = flatten_temporal(logging.getLogger(), "info", {"event": f"begun ({details})", "temporal_workflow": details})

    assert event == {"event": "begun", "workflow_id": "prompt-3", "run_id": "r", "prompt_job_id": "3"}


def test_lines_of_temporals_core_have_its_fields() -> None:
    entry = SimpleNamespace(fields={"workflow_id": "callback-3", "error": "e", "message": "m"})
    event = flatten_temporal(logging.getLogger(), "info", {"event": "said", "temporal_log": entry})

    assert event == {"event": "said", "workflow_id": "callback-3", "job_id": "3", "error": "e", "message": "m"}


def test_secret_fields_are_hidden_by_name() -> None:
    assert hide_secrets(None, "info", {"Authorization": "x", "tokens": 3}) == {"Authorization": "***", "tokens": 3}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer ***"),
        ("https://h/x?token=abc&a=1", "https://h/x?token=***&a=1"),
        (f"/api/keys/pm_01234567{'aB9' * 5}", "/api/keys/pm_01234567***"),
        ("postgresql://:pw@h/d", "postgresql://:***@h/d"),
        ("nothing to hide at http://127.0.0.1:3000/a", "nothing to hide at http://127.0.0.1:3000/a"),
    ],
)
def test_secrets_in_texts_are_hidden(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_secrets_in_lists_are_hidden() -> None:
    nested = {
        "names": ["postgresql://u:pw@h/d", ("Bearer abc.def-1",)],
        "news": {"Token": "abc", "https://h/x?token=abc": [{"api_key": "abc", "error": ValueError("//u:pw")}]},
        "address": b"https://u:pw@h/d",
    }

    shown = hide_secrets(None, "info", nested)

    assert "abc" not in json.dumps(shown)
    assert "pw@" not in json.dumps(shown)
    assert shown["names"] == ["postgresql://u:***@h/d", ["Bearer ***"]]


def test_lists_are_bounded() -> None:
    inside: list[object] = []
    inside.append(inside)

    shown = hide_secrets(None, "info", {"names": ["a"] * 10_000, "news": inside})

    assert len(shown["names"]) == MAX_ITEMS
    assert json.dumps(shown["news"]) == '[[[["[[...]]"]]]]'


def test_every_number_is_json(lines: list[dict[str, object]]) -> None:
    assert lines[0]["ms"] == "nan"
    assert lines[0]["sizes"] == {"1": ["inf", 1.5]}


def test_texts_are_cut_before_they_are_looked_through() -> None:
    event = hide_secrets(None, "info", {"path": "a" * 200_000, "exception": "x" * 200_000 + "\nValueError: the end"})

    assert len(event["path"]) == MAX_TEXT
    assert len(event["exception"]) == MAX_TEXT
    assert event["exception"].endswith("ValueError: the end")


def test_a_terminal_is_sent_no_escapes() -> None:
    """A caller's path or a provider's error must not move the cursor, colour the screen or forge a line."""
    shown = show_controls(
        None, "info", {"path": "/\x1b[2J\x9b2J\x07\r\n2026 forged\u202e", "exception": "a\n  b\x1b[0m"}
    )

    assert shown == {"path": r"/\x1b[2J\x9b2J\x07\r\n2026 forged\u202e", "exception": "a\n  b\\x1b[0m"}


def test_text_logs_hold_no_escapes_of_others() -> None:
    script = LOG_ONCE.replace('""}', '"", "PROMPTMILL_LOG_FORMAT": "text"}').replace(
        "job_ended", r"job\x1b[2J\x1b]0;t\x07"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, capture_output=True, text=True)

    assert r"job\x1b[2J" in done.stderr
    assert "\x1b[2J" not in done.stderr
    assert "\x07" not in done.stderr


LOSE_A_LINE = """
import logging
import sys
from pathlib import Path
from promptmill.config.settings import load_settings
from promptmill.telemetry import configure_logging

log = Path(sys.argv[1])
configure_logging(load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_LOG_FILE": str(log)}), "worker")
logging.warning("first")
log.rename(log.with_suffix(".old"))
log.mkdir()
logging.warning("lost", extra={"api_key": "xai-1"})
log.rmdir()
logging.warning("last")
"""


def test_a_line_that_cannot_be_written_is_lost_and_fails_nobody(tmp_path: Path) -> None:
    """Whoever writes it may hold the answer to a paid request."""
    log = tmp_path / "worker.log"
    subprocess.run([sys.executable, "-c", LOSE_A_LINE, str(log)], check=True)

    written = log.with_suffix(".old").read_text() + log.read_text()
    assert [json.loads(line)["event"] for line in written.splitlines()] == ["first", "last"]
