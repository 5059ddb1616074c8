"""Signed addresses of stored outputs: whoever has one may open that file until it ends, and nothing else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from api.http.errors import Refused

_SALT: Final = "promptmill stored output"
SECRET_BYTES: Final = 32


@dataclass(frozen=True)
class Shared:
    """What an address opens, and until when."""

    job_id: UUID
    index: int
    expires_at: datetime


@dataclass(frozen=True)
class Sharing:
    """Signs and reads addresses with an installation's secret: another secret ends all of them."""

    secret: str

    def token(self, shared: Shared) -> str:
        """Return the token of an address."""
        return self._serializer.dumps([shared.job_id.hex, shared.index, int(shared.expires_at.timestamp())])

    def read(self, token: str, now: datetime) -> Shared:
        """Return what a token opens.

        Raises:
            Refused: `not_found`: it is not ours; `link_expired`.
        """
        try:
            job_id, index, until = self._serializer.loads(token)
        except BadSignature:
            raise Refused("not_found", "This address is not valid.") from None
        shared = Shared(UUID(job_id), index, datetime.fromtimestamp(until, UTC))
        if shared.expires_at <= now:
            raise Refused("link_expired")
        return shared

    @property
    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, _SALT, signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"})


def new_secret() -> str:
    """Return a new secret."""
    return secrets.token_urlsafe(SECRET_BYTES)
