"""Alertmanager's configuration with an installation's contacts: the sample's routes, and a receiver for each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import formataddr
from typing import Final
from urllib.parse import urlsplit

from promptmill.addresses import is_loopback_host
from promptmill.config.contacts import ROLES, Contact
from promptmill.contracts.errors import ConfigurationError
from promptmill.local.ports import Address
from promptmill.monitoring.samples import sample

_RECEIVERS: Final = "\nreceivers:\n"
_TEMPLATE: Final = "{{"
"""What Alertmanager reads as a template, in addresses and headers too: a message whose template fails is not sent."""

_MAIL: Final = re.compile(r"[^@\s,]{1,64}@[^@\s,]{1,255}")
"""Only `fullmatch` reads with it. The longest parts that SMTP allows: RFC 5321, 4.5.3.1."""


@dataclass(frozen=True)
class MailServer:
    """What sends the mail.

    Attributes:
        sender: The address that it comes from.
    """

    address: Address
    sender: str


def alertmanager_file(contacts: Sequence[Contact], mail: MailServer | None) -> str:
    """Return the file: a mail address is written to, a URL is posted to.

    Raises:
        ConfigurationError: A part has no contact, or one that no alert can be sent to: nobody would be told.
    """
    by_role = {contact.role: contact for contact in contacts}
    missing = [role for role in ROLES if role not in by_role]
    if missing:
        raise ConfigurationError(
            f"PROMPTMILL_CONTACTS names nobody for {', '.join(missing)}: add them, or nobody gets their alerts."
        )
    routes, found, _ = sample("alertmanager.yml").partition(_RECEIVERS)
    if not found:
        raise ConfigurationError("deploy/monitoring/alertmanager.yml has no line `receivers:`: restore that file.")
    receivers = "\n".join(line for role in ROLES for line in _receiver(by_role[role], mail))
    return f"{_sending(mail)}{routes}{_RECEIVERS}{receivers}\n"


def _sending(mail: MailServer | None) -> str:
    if mail is None:
        return ""
    if not _MAIL.fullmatch(mail.sender) or _TEMPLATE in mail.sender:
        raise ConfigurationError(f"--from {mail.sender!r}: give a mail address, such as promptmill@example.com.")
    lines = [f"smtp_smarthost: {_quoted(str(mail.address))}", f"smtp_from: {_quoted(mail.sender)}"]
    if is_loopback_host(mail.address.host):
        lines.append("smtp_require_tls: false")
    return "\n".join(["global:", *(f"  {line}" for line in lines), "", ""])


def _receiver(contact: Contact, mail: MailServer | None) -> Iterator[str]:
    yield f"  - name: {contact.role}"
    if _TEMPLATE in contact.name + contact.address:
        raise ConfigurationError(
            f"The contact for {contact.role} has {_TEMPLATE}, which Alertmanager reads as a template: write it without."
        )
    if _is_web(contact.address):
        yield "    webhook_configs:"
        yield f"      - url: {_quoted(contact.address)}"
        return
    if not _MAIL.fullmatch(contact.address):
        raise ConfigurationError(
            f"No alert can be sent to {contact.address}, the contact for {contact.role}: give a mail address or a URL "
            f"that alerts are posted to, with --to {contact.role}=ADDRESS."
        )
    if mail is None:
        raise ConfigurationError(
            f"The contact for {contact.role} is a mail address: say what sends the mail, with --smarthost HOST:PORT "
            "and --from ADDRESS."
        )
    yield "    email_configs:"
    yield f"      - to: {_quoted(formataddr((contact.name, contact.address)))}"
    yield "        send_resolved: true"


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0 and " " not in address


def _quoted(text: str) -> str:
    return json.dumps(text)  # a text in YAML, too
