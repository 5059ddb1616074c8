"""`promptmill monitor`: Prometheus and Alertmanager beside `make up`; `promptmill alertmanager`: its configuration."""

from __future__ import annotations

import os
from collections.abc import Sequence
from http import HTTPStatus

from promptmill.commands.instance import Failed, Instance
from promptmill.config.contacts import ROLES, Contact
from promptmill.config.settings import LOCAL_ENV, Settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.local.errors import LocalStackError
from promptmill.local.folder import open_data_folder
from promptmill.local.ports import Address
from promptmill.local.screen import Screen
from promptmill.monitoring.programs import find_programs
from promptmill.monitoring.receivers import MailServer, alertmanager_file
from promptmill.monitoring.running import Monitor, reached

FOLDER = "monitoring"


def run_monitor(settings: Settings) -> int:
    """Watch the running stack until Ctrl-C; return the exit code.

    Raises:
        LocalStackError: No stack runs here, a program is missing, or did not start.
    """
    programs = find_programs()
    if not (settings.data_dir / LOCAL_ENV).is_file():
        raise LocalStackError("`make up` is not running here: start it in another terminal, then this again.")
    key = os.environ.get("PROMPTMILL_KEY") or (
        settings.api_token.get_secret_value() if settings.api_token is not None else None
    )
    screen = Screen()
    with open_data_folder(settings.data_dir / FOLDER) as folder:
        screen.say("Starting monitoring:", "bold")
        if key is None and _wants_a_key(settings):
            screen.say(
                "  The API wants a key for /metrics: set PROMPTMILL_KEY to what `promptmill keys create --name "
                "prometheus --role metrics` prints, and start this again. Until then ApiGone will fire.",
                "yellow",
            )
        code = Monitor(settings, folder, screen, programs, key).run()
    screen.say("Monitoring has stopped; nothing is left running.", "bold")
    return code


def _wants_a_key(settings: Settings) -> bool:
    url = f"http://{Address(reached(settings.host), settings.port)}"
    try:
        return Instance(url, None).ask("GET", "/api/jobs?limit=1").status == HTTPStatus.UNAUTHORIZED
    except Failed:
        return False  # it does not answer, as the alerts will tell


def contacts_file(settings: Settings, others: Sequence[str], *, smarthost: str | None, sender: str | None) -> str:
    """Return Alertmanager's configuration for the contacts of the settings.

    Args:
        settings: For `contacts`.
        others: `role=address`, each instead of that contact's address.
        smarthost: `host:port` of what sends mail.
        sender: The address that mail comes from.

    Raises:
        ConfigurationError: A contact is missing or cannot be told, or an option is wrong.
    """
    contacts = {contact.role: contact for contact in settings.contacts}
    for other in others:
        role, _, address = other.partition("=")
        if role not in ROLES or not address.strip():
            raise ConfigurationError(f"--to {other}: write role=address, with one of {', '.join(ROLES)}.")
        name = contacts[role].name if role in contacts else role
        contacts[role] = Contact(role, name, address.strip())
    return alertmanager_file(tuple(contacts.values()), _mail_server(smarthost, sender))


def _mail_server(smarthost: str | None, sender: str | None) -> MailServer | None:
    if smarthost is None and sender is None:
        return None
    if smarthost is None or sender is None:
        raise ConfigurationError("Mail needs both --smarthost HOST:PORT and --from ADDRESS.")
    try:
        return MailServer(Address.parse(smarthost), sender)
    except ValueError as error:
        raise ConfigurationError(f"--smarthost: {error}, such as mail.example.com:587.") from None
