"""Alertmanager's configuration with an installation's contacts: accepted by its own program, and telling everybody."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from promptmill.cli import app
from promptmill.commands.monitor import contacts_file
from promptmill.config.contacts import ROLES
from promptmill.config.settings import load_settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.monitoring.samples import FILES
from tests.programs import require_program

CONTACTS = (
    "database=Ada Ex\u00e4mple <ada@example.com>; api=Team \"on\" call <https://hooks.example.com/a?b='c'>; "
    "frontend=Bo <bo@example.com>; infrastructure=Cy <http://127.0.0.1:9094/x>; product=Di <+1 555 0100>"
)
PAGER = "product=https://pager.example.com/di"


def written(*others: str, contacts: str = CONTACTS, smarthost: str | None = "mail.example.com:587") -> str:
    settings = load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_CONTACTS": contacts})
    sender = None if smarthost is None else "mill@example.com"
    return contacts_file(settings, others, smarthost=smarthost, sender=sender)


@pytest.mark.parametrize("smarthost", ["mail.example.com:587", "127.0.0.1:25"])
def test_every_contact_is_told_as_its_address_says(tmp_path: Path, smarthost: str) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(written(PAGER, smarthost=smarthost))
    command = [require_program("amtool", "prometheus-alertmanager"), "check-config", str(file)]

    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "5 receivers" in checked.stdout
    made, sample = yaml.safe_load(file.read_text()), yaml.safe_load((FILES / "alertmanager.yml").read_text())
    assert (made["route"], made["inhibit_rules"]) == (sample["route"], sample["inhibit_rules"])
    receivers = {receiver.pop("name"): receiver for receiver in made["receivers"]}
    assert receivers.keys() == {*ROLES}
    assert receivers["api"]["webhook_configs"] == [{"url": "https://hooks.example.com/a?b='c'"}]
    assert receivers["product"]["webhook_configs"] == [{"url": "https://pager.example.com/di"}]
    mailed = receivers["database"]["email_configs"][0]
    assert mailed["to"].endswith("<ada@example.com>")
    assert mailed["send_resolved"] is True
    assert made["global"].get("smtp_require_tls") is (False if smarthost.startswith("127.") else None)


@pytest.mark.parametrize(
    ("others", "contacts", "smarthost", "told"),
    [
        ((), CONTACTS, "mail.example.com:587", r"\+1 555 0100, the contact for product: .*--to product=ADDRESS"),
        ((PAGER,), CONTACTS, None, "for database is a mail address: .*--smarthost"),
        ((PAGER,), "api=Bo <b@example.com>", "m:25", "nobody for database, frontend, infrastructure: add them"),
        (("nobody=x",), CONTACTS, "m:25", "--to nobody=x: write role=address"),
        (("product=",), CONTACTS, "m:25", "--to product=: write role=address"),
        ((PAGER,), CONTACTS, "mail.example.com", "--smarthost: .* is not host:port"),
        (("product={{.Status}}@example.com",), CONTACTS, "m:25", "for product has {{, which Alertmanager reads as a"),
        (("product=https://h.example.com/{{",), CONTACTS, "m:25", "for product has {{"),
        ((PAGER,), CONTACTS.replace("Ada", "{{ .Ada"), "m:25", "for database has {{"),
        ((PAGER,), CONTACTS.replace("Ada", "Ada\n"), "m:25", "lines or invisible characters"),
        (("product=http://[::1",), CONTACTS, "m:25", "No alert can be sent to"),
        (("product=https://h:99999/",), CONTACTS, "m:25", "No alert can be sent to"),
    ],
)
def test_nobody_is_left_out_silently(others: tuple[str, ...], contacts: str, smarthost: str | None, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        written(*others, contacts=contacts, smarthost=smarthost)


@pytest.mark.parametrize("sender", ["", "mill", "{{.}}@example.com", "a@example.com\nb"])
def test_mail_comes_from_an_address(sender: str) -> None:
    settings = load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_CONTACTS": CONTACTS})
    with pytest.raises(ConfigurationError, match=r"--from .*: give a mail address"):
        contacts_file(settings, (PAGER,), smarthost="mail.example.com:587", sender=sender)


def test_the_command_prints_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMPTMILL_SIMULATED_ONLY", raising=False)  # the command reads every setting, and calls nobody
    monkeypatch.setenv("PROMPTMILL_CONTACTS", CONTACTS)
    options = ["--to", PAGER, "--smarthost", "mail.example.com:587", "--from", "mill@example.com"]

    printed = CliRunner().invoke(app, ["alertmanager", *options])

    assert (printed.exit_code, printed.stdout) == (0, written(PAGER))
