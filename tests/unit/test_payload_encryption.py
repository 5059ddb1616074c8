"""Payloads at Temporal: encrypted with the newest key, readable with each, and never silently wrong."""

from __future__ import annotations

from base64 import b64encode

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from promptmill.config.payload_keys import PayloadKey, new_payload_key
from promptmill.config.settings import load_settings
from promptmill.contracts.errors import ConfigurationError, PayloadUnreadable
from promptmill.temporal.encryption import ENCODING, KEY_ID, PayloadEncryption, data_converter
from promptmill.temporal.keys_in_use import key_ids
from tests.fixtures.payload_keys import NEW, OLD, setting

WORDS = b"a red fox in the snow"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=WORDS)


async def encrypted(*keys: PayloadKey) -> Payload:
    [payload] = await PayloadEncryption(keys).encode([PLAIN])
    return payload


async def test_what_temporal_stores_names_the_key_and_hides_the_words() -> None:
    payload = await encrypted(NEW, OLD)

    assert dict(payload.metadata) == {"encoding": ENCODING, KEY_ID: b"new"}
    assert WORDS not in payload.SerializeToString()
    assert await PayloadEncryption([NEW]).decode([payload]) == [PLAIN]


async def test_two_payloads_with_the_same_words_differ() -> None:
    assert (await encrypted(NEW)).data != (await encrypted(NEW)).data


async def test_payloads_of_older_keys_and_plain_ones_stay_readable() -> None:
    decoded = await PayloadEncryption([NEW, OLD]).decode([await encrypted(OLD), PLAIN, await encrypted(NEW)])

    assert decoded == [PLAIN, PLAIN, PLAIN]


async def test_without_keys_nothing_changes() -> None:
    assert await encrypted() == PLAIN


@pytest.mark.parametrize("keys", [(), (NEW,)])
async def test_a_missing_key_is_named(keys: tuple[PayloadKey, ...]) -> None:
    with pytest.raises(PayloadUnreadable, match=r"the key old, which is not in PROMPTMILL_PAYLOAD_KEYS") as caught:
        await PayloadEncryption(keys).decode([await encrypted(OLD)])
    assert caught.value.retryable


async def test_a_damaged_payload_is_refused_and_no_error_contains_the_key() -> None:
    good = await encrypted(OLD)
    flipped = bytes([good.data[-1] ^ 1])
    of_another_key = PayloadKey("old", NEW.key)
    relabelled = Payload(metadata={"encoding": ENCODING, KEY_ID: b"new"}, data=good.data)
    for keys, damaged in (
        ([OLD], Payload(metadata=good.metadata, data=good.data[:-1] + flipped)),
        ([OLD], Payload(metadata=good.metadata, data=good.data[:5])),
        ([OLD], Payload(metadata=good.metadata)),
        ([of_another_key], good),
        # The id is authenticated: even the same key under another name does not open it.
        ([PayloadKey("new", OLD.key)], relabelled),
    ):
        with pytest.raises(PayloadUnreadable, match="damaged") as caught:
            await PayloadEncryption(keys).decode([damaged])
        for secret in (OLD.key.decode(), b64encode(OLD.key).decode()):
            assert secret not in f"{caught.value!s}{caught.value!r}{keys!r}"


async def test_a_foreign_key_id_cannot_write_into_the_log() -> None:
    payload = Payload(metadata={"encoding": ENCODING, KEY_ID: b"\x1b[2J\n" + b"x" * 500})
    with pytest.raises(PayloadUnreadable) as caught:
        await PayloadEncryption([NEW]).decode([payload])
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


async def test_the_texts_of_failures_are_encrypted_too() -> None:
    failure = Failure()
    converter = data_converter([NEW])
    try:
        raise ApplicationError(WORDS.decode(), WORDS.decode(), type="provider_refused")  # noqa: TRY301
    except ApplicationError as error:
        await converter.encode_failure(error, failure)

    assert WORDS not in failure.SerializeToString()
    assert b"test_payload_encryption" not in failure.SerializeToString()  # the stack trace
    assert failure.application_failure_info.type == "provider_refused"
    assert set(key_ids(failure)) == {"new"}
    read = await data_converter([NEW]).decode_failure(failure)
    assert str(read) == f"provider_refused: {WORDS.decode()}"


async def test_encryption_adds_little_to_what_temporal_bounds() -> None:
    """The largest payload is far below Temporal's 2 MB, and stays there."""
    [large] = await PayloadEncryption([NEW]).encode([Payload(data=b"x" * 1_000_000)])
    assert large.ByteSize() < 1_000_000 + 200


def settings_error(value: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_PAYLOAD_KEYS": value})
    return str(caught.value)


def test_the_setting_takes_what_the_command_prints() -> None:
    printed = [new_payload_key(), new_payload_key()]
    settings = load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_PAYLOAD_KEYS": ", ".join(printed)})

    assert [key.id for key in settings.payload_keys] == [text.partition(":")[0] for text in printed]
    assert {len(key.key) for key in settings.payload_keys} == {32}
    assert not any(str(key.key) in repr(settings) for key in settings.payload_keys)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b64encode(OLD.key).decode(), "key number 1 does not begin with an id and a colon"),
        (f"{setting(NEW)},", "key number 2 does not begin"),
        ("a b:xx", "key number 1 does not begin"),
        ("old:not base64!", "the key old is not in base64"),
        (f"old:{b64encode(b'o' * 16).decode()}", "the key old has 16 bytes instead of 32"),
        (setting(OLD, NEW, OLD), "two keys with the id old"),
    ],
)
def test_a_wrong_setting_is_told_without_the_key(value: str, problem: str) -> None:
    said = settings_error(value)

    assert "PROMPTMILL_PAYLOAD_KEYS" in said
    assert problem in said
    assert "b29v" not in said
    assert "xx" not in said
