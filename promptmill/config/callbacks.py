"""Settings of callbacks (`callbackUrl`)."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr

from promptmill.config.values import AtOnce


class CallbackSettings(BaseModel):
    """How callbacks are signed and delivered."""

    callback_secret: SecretStr | None = Field(
        None,
        description="Secret (whsec_… or base64) that signs callbacks as specified by Standard Webhooks; two, separated by a space, during rotation. Without one the installation generates its own: `promptmill callback-secret`.",
    )
    callback_timeout_seconds: float = Field(15, gt=0, le=60, description="Timeout of one callback delivery.")
    callback_give_up_seconds: float = Field(86_400, gt=0, description="How long delivery of a callback is retried.")
    callback_concurrency: AtOnce = Field(10, description="Maximum concurrent callback deliveries, per worker.")
    callback_concurrency_per_host: AtOnce = Field(
        4, description="Maximum of these to one host, so that a receiver that hangs leaves room for the others."
    )
    callback_concurrency_per_owner: AtOnce = Field(
        6, description="Maximum of these for one owner, whose receivers may have many hosts."
    )
