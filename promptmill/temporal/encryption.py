"""Encrypts what Temporal stores: AES-256-GCM, with the newest key of PROMPTMILL_PAYLOAD_KEYS.

An encrypted payload holds the whole original one: a nonce of 12 bytes, the ciphertext, a tag of 16. Its metadata tells
the encoding and the id of the key, and both are authenticated with it. Payloads that are not encrypted pass through:
those from before there was a key, and those of others.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from promptmill.config.payload_keys import PayloadKey
from promptmill.contracts.errors import PayloadUnreadable

ENCODING: Final = b"binary/encrypted"
KEY_ID: Final = "encryption-key-id"
"""Name in the metadata of an encrypted payload."""

NONCE_BYTES: Final = 12
"""Random for each payload: one key is good for 2**32 of them (NIST SP 800-38D)."""

_SHOWN: Final = 64
"""Characters of a foreign key id in an error."""


@dataclass(frozen=True)
class Cipher:
    """One key, ready for use."""

    id: bytes
    aead: AESGCM

    @property
    def bound(self) -> bytes:
        """What is authenticated beside the ciphertext: the metadata that says how to read it."""
        return ENCODING + b"\0" + self.id


class PayloadEncryption(PayloadCodec):
    """Encrypts with the first key, decrypts with the one that a payload names. Without keys, nothing is encrypted."""

    def __init__(self, keys: Sequence[PayloadKey]) -> None:
        """Take the keys, newest first."""
        self._ciphers = {key.id.encode(): Cipher(key.id.encode(), AESGCM(key.key)) for key in keys}
        self._newest = next(iter(self._ciphers.values()), None)

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Return the payloads encrypted."""
        newest = self._newest
        return list(payloads) if newest is None else [_encrypt(newest, payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Return the payloads decrypted; those that are not encrypted stay as they are.

        Raises:
            PayloadUnreadable: The key is not there, or the payload is damaged.
        """
        return [self._decrypt(each) if key_id_of(each) is not None else each for each in payloads]

    def _decrypt(self, payload: Payload) -> Payload:
        key_id = payload.metadata[KEY_ID]
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise PayloadUnreadable(
                f"A payload is encrypted with the key {_shown(key_id)}, which is not in PROMPTMILL_PAYLOAD_KEYS here."
            )
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.aead.decrypt(nonce, sealed, cipher.bound))
        except (InvalidTag, DecodeError, ValueError):
            raise PayloadUnreadable(
                f"A payload is damaged, or was encrypted with another key than the {_shown(key_id)} of "
                "PROMPTMILL_PAYLOAD_KEYS here."
            ) from None


def key_id_of(payload: Payload) -> str | None:
    """Return the id of the key that encrypted a payload; None if it is not encrypted."""
    if payload.metadata.get("encoding") != ENCODING:
        return None
    return _shown(payload.metadata.get(KEY_ID, b""))


def data_converter(keys: Sequence[PayloadKey] = ()) -> DataConverter:
    """Return what converts messages to payloads, encrypted if there are keys; the texts of failures are, too.

    The replayer of stored histories needs the same one.
    """
    converter = replace(pydantic_data_converter, payload_codec=PayloadEncryption(keys))
    if not keys:
        return converter
    return replace(converter, failure_converter_class=DefaultFailureConverterWithEncodedAttributes)


def _encrypt(cipher: Cipher, payload: Payload) -> Payload:
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = cipher.aead.encrypt(nonce, payload.SerializeToString(), cipher.bound)
    return Payload(metadata={"encoding": ENCODING, KEY_ID: cipher.id}, data=nonce + sealed)


def _shown(key_id: bytes) -> str:
    """Return a key's id as it can be told: one in a payload may be anything."""
    return ascii(key_id.decode(errors="replace")[:_SHOWN])[1:-1] or "(none)"
