"""Callbacks are signed as the Standard Webhooks scheme says."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from promptmill.contracts.errors import ConfigurationError
from promptmill.providers.callbacks.signature import CallbackSigner, new_callback_secret
from tests.callback_receiver import SECRET, Delivery, signed_by

OTHER = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
CONTENT = json.dumps({"type": "job.completed", "data": {"prompt": "Ein Fuchs im Schnee, größer"}}).encode()


def delivery(secret: str, at: datetime | None = None) -> Delivery:
    now = datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - the package compares it with its own clock
    headers = CallbackSigner.of(SecretStr(secret)).headers("callback-1", at or now, CONTENT)
    return Delivery("POST / HTTP/1.1", headers, CONTENT)


def test_signature_is_what_the_scheme_says() -> None:
    """HMAC-SHA256 over id, time and body, joined by dots, with the secret's bytes, in base64 after `v1,`."""
    signed = delivery(SECRET)

    assert signed_by(signed, SECRET)
    assert not signed_by(signed, OTHER)


def test_package_of_the_scheme_verifies_it() -> None:
    signed = delivery(SECRET)

    assert Webhook(SECRET).verify(CONTENT, signed.headers) == json.loads(CONTENT)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(CONTENT + b" ", signed.headers)


def test_time_is_utc_whatever_zone_it_came_in() -> None:
    at = datetime(2026, 11, 23, 18, 0, tzinfo=timezone(timedelta(hours=9)))

    signed = delivery(SECRET, at)

    assert signed.headers["webhook-timestamp"] == str(int(at.timestamp()))
    assert signed_by(signed, SECRET)


def test_two_secrets_sign_while_one_replaces_the_other() -> None:
    signed = delivery(f"{OTHER} {SECRET}")

    assert signed_by(signed, SECRET)
    assert signed_by(signed, OTHER)
    Webhook(SECRET).verify(CONTENT, signed.headers)


def test_secret_may_stand_without_prefix_and_padding() -> None:
    assert signed_by(delivery(SECRET.removeprefix("whsec_").rstrip("=")), SECRET)


@pytest.mark.parametrize("secret", ["", "  ", "whsec_", "my secret", "hunter2!", "whsec_c2hvcnQ=", f"{SECRET} short"])
def test_secret_that_is_none_is_refused_without_being_told(secret: str) -> None:
    """The package would drop what is not base64 and sign with what is left."""
    with pytest.raises(ConfigurationError) as refused:
        CallbackSigner.of(SecretStr(secret))

    assert "PROMPTMILL_CALLBACK_SECRET" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_made_secrets_differ_and_sign() -> None:
    first, second = new_callback_secret(), new_callback_secret()

    assert first != second
    assert signed_by(delivery(first), first)
