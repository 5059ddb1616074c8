"""Encrypts a backup while it is written: AES-256-GCM in chunks, so that neither side holds more than one.

    magic, the key's id, a line break    which key to use
    salt, 32 bytes                       makes a key of its own for this file (HKDF-SHA-256)
    chunks of 1 MiB, each with its tag   the nonce is the chunk's number and whether it is the last

A chunk that is changed, moved or missing at the end fails its tag: each has one place, and only the last says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from promptmill.backups.errors import BackupUnusable
from promptmill.config.payload_keys import KEY_BYTES, PayloadKey

MAGIC: Final = b"promptmill-backup-1 "
CHUNK_BYTES: Final = 1024 * 1024
TAG_BYTES: Final = 16
SALT_BYTES: Final = 32
_LONGEST_ID: Final = 64


class Writer(Protocol):
    """Takes bytes."""

    def write(self, data: bytes) -> object:
        """Write them."""


@dataclass
class SealedWriter:
    """Writes a stream of bytes to a file, encrypted with a key; without `close` the file cannot be read."""

    file: Writer
    key: PayloadKey
    _aead: AESGCM = field(init=False, repr=False)
    _number: int = field(default=0, init=False)
    _held: bytearray = field(default_factory=bytearray, init=False, repr=False)

    def __post_init__(self) -> None:
        """Write the beginning of the file."""
        header, salt = MAGIC + self.key.id.encode() + b"\n", secrets.token_bytes(SALT_BYTES)
        self._aead = _cipher(self.key, header, salt)
        self.file.write(header + salt)

    def write(self, data: bytes) -> None:
        """Encrypt and write all chunks that are full; the rest waits."""
        self._held += data
        while len(self._held) > CHUNK_BYTES:  # not at equality: it may be the last one
            self._write_chunk(bytes(self._held[:CHUNK_BYTES]), last=False)
            del self._held[:CHUNK_BYTES]

    def close(self) -> None:
        """Write the last chunk. The file stays open."""
        self._write_chunk(bytes(self._held), last=True)
        self._held.clear()

    def _write_chunk(self, chunk: bytes, *, last: bool) -> None:
        self.file.write(self._aead.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


def read_sealed(file: BinaryIO, keys: Sequence[PayloadKey]) -> Iterator[bytes]:
    """Yield what was encrypted, chunk by chunk; each is authentic, the whole only once all have been yielded.

    Raises:
        BackupUnusable: The key is not there, or the file is damaged or cut off.
    """
    header = file.readline(len(MAGIC) + _LONGEST_ID + 1)
    if not header.startswith(MAGIC) or not header.endswith(b"\n"):
        raise BackupUnusable("it does not begin as an encrypted backup does: it is damaged.")
    key_id = ascii(header[len(MAGIC) : -1].decode(errors="replace"))[1:-1]
    key = next((key for key in keys if key.id == key_id), None)
    if key is None:
        raise BackupUnusable(f"it is encrypted with the key {key_id}, which is not in PROMPTMILL_BACKUP_KEYS here.")
    aead = _cipher(key, header, file.read(SALT_BYTES))
    number, sealed = 0, file.read(CHUNK_BYTES + TAG_BYTES)
    while True:
        following = file.read(CHUNK_BYTES + TAG_BYTES)
        try:
            chunk = aead.decrypt(_nonce(number, last=not following), sealed, None)
        except (InvalidTag, ValueError):  # the second: it is shorter than a tag
            raise BackupUnusable(
                f"it is damaged or cut off at byte {number * (CHUNK_BYTES + TAG_BYTES)}, or its key is not the one "
                f"that {key_id} is here."
            ) from None
        yield chunk
        if not following:
            return
        number, sealed = number + 1, following


def _cipher(key: PayloadKey, header: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=header).derive(key.key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
