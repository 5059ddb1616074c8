"""Settings of the providers: Grok (xAI) writes prompts, WaveSpeed generates media."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from promptmill.addresses import is_loopback_url
from promptmill.config.tiers import SubmissionPace, WaveSpeedTier, pace_of
from promptmill.config.values import AtOnce, PublicAddress, Words
from promptmill.contracts.jobs import ProviderMode


def _first_pause(result: str, seconds: float) -> Any:
    return Field(
        seconds,
        gt=0,
        le=3600,
        description=f"First pause between two looks at {result}'s result; a quarter of it around the time that a model usually takes.",
    )


def _longest_pause(result: str, seconds: float) -> Any:
    return Field(
        seconds,
        gt=0,
        le=3600,
        description=f"Longest pause between two looks at {result}'s result, for a model without recent durations.",
    )


class ProviderSettings(BaseModel):
    """Where the providers are, how much they are asked, and when results are looked at."""

    xai_api_key: SecretStr | None = Field(
        None, validation_alias="XAI_API_KEY", description="xAI's API key. Without one, `make up` starts a simulator."
    )
    xai_api_base: str = Field(
        "https://api.x.ai",
        validation_alias="XAI_API_BASE",
        description="Base URL of xAI's API. A loopback address counts as a simulator.",
    )
    grok_models: Words = Field(
        ("grok-4.20-0309-non-reasoning", "grok-4.3"),
        min_length=1,
        description="Grok models in order of preference, comma-separated; the next is used if one is unknown or its retries are exhausted.",
    )
    grok_timeout_seconds: float = Field(120, gt=0, le=3600, description="Timeout of one request to Grok.")
    grok_max_retries: int = Field(
        3,
        ge=0,
        le=20,
        description="Retries per model after temporary failures of xAI; 1 at most after an answer without a prompt.",
    )
    grok_concurrency: AtOnce = Field(8, description="Maximum concurrent requests to Grok, per worker.")
    grok_per_second: float = Field(10, gt=0, description="Maximum requests to Grok per second, across all workers.")

    wavespeed_api_key: SecretStr | None = Field(
        None,
        validation_alias="WAVESPEED_API_KEY",
        description="WaveSpeed's API key. Without one, `make up` starts a simulator.",
    )
    wavespeed_api_base: str = Field(
        "https://api.wavespeed.ai",
        validation_alias="WAVESPEED_API_BASE",
        description="Base URL of WaveSpeed's API. A loopback address counts as a simulator.",
    )
    wavespeed_tier: WaveSpeedTier = Field(
        WaveSpeedTier.AUTO,
        description="Account level at WaveSpeed: bronze, silver, gold or ultra sets rate and concurrency to what it allows; auto submits up to 10 per second, slows down when WaveSpeed answers 429, and speeds up again.",
    )
    wavespeed_concurrency: AtOnce | None = Field(
        None,
        description="Maximum concurrent submissions to WaveSpeed, per worker. Defaults to the tier's (auto: 8, bronze: 2, silver: 300, others: 1000).",
    )
    wavespeed_per_second: float | None = Field(
        None,
        gt=0,
        description="Maximum submissions to WaveSpeed per second, across all workers; auto slows down from here. Defaults to the tier's (auto: 10; bronze: 2, silver: 500, gold: 3000, ultra: 5000 a minute).",
    )
    submit_timeout_seconds: float = Field(
        60,
        gt=0,
        le=600,
        description="Total timeout of one submission to WaveSpeed; after it the outcome is unknown.",
    )
    post_within_seconds: float = Field(
        20,
        gt=0,
        le=60,
        description="Time after the recorded intent within which a submission may still send its first byte.",
    )
    unknown_price_usd: Decimal = Field(
        Decimal(5),
        ge=0,
        le=100_000,
        description="What a submission is taken to cost, in USD, if WaveSpeed names no price and the model has no recent charge: it is reserved in the budgets.",
    )
    rate_limit_wait_seconds: float = Field(15, gt=0, description="Wait after a 429 from WaveSpeed without Retry-After.")
    poll_image_seconds: float = _first_pause("an image", 1)
    poll_image_max_seconds: float = _longest_pause("an image", 5)
    poll_video_seconds: float = _first_pause("a video", 5)
    poll_video_max_seconds: float = _longest_pause("a video", 15)
    polls_per_second: float = Field(
        20,
        ge=0.01,
        description="Maximum looks at results per second, across all workers; with many open predictions each is looked at less often. Looks that a webhook causes come on top.",
    )
    prediction_grace_seconds: float = Field(
        600, ge=0, description="Time after acceptance during which a 404 for a prediction is ignored."
    )
    models_cache_seconds: float = Field(3600, gt=0, description="How long WaveSpeed's model list is cached.")

    public_url: PublicAddress | None = Field(
        None,
        description="Public https URL of the API; enables WaveSpeed's webhooks. Expose only /api/webhooks/. Without a path of its own it gets PROMPTMILL_ROOT_PATH.",
    )
    wavespeed_webhook_secret: SecretStr | None = Field(
        None,
        validation_alias="WAVESPEED_WEBHOOK_SECRET",
        description="Signing secret of WaveSpeed's webhooks (whsec_…); fetched from WaveSpeed if not set.",
    )
    poll_after_seconds: float = Field(
        60, ge=0, description="How long to wait for a webhook before looking at the result."
    )
    absent_after_seconds: float = Field(
        300,
        gt=0,
        description="Minimum time after a POST, and between two reads of the history, to prove that a submission is absent from it.",
    )
    resubmit_when_absent: bool = Field(
        False, description="Automatically resubmit what was proved never to have reached WaveSpeed."
    )
    late_days: float = Field(7, ge=0, le=7, description="Days during which media of ended jobs is still fetched.")
    bill_days: float = Field(
        3,
        ge=0,
        le=30,
        description="Days during which WaveSpeed is asked what it charged for a prediction, and refunded; 0: never.",
    )

    @model_validator(mode="after")
    def _no_key_in_clear_text(self) -> Self:
        for name, base, key in (
            ("XAI", self.xai_api_base, self.xai_api_key),
            ("WAVESPEED", self.wavespeed_api_base, self.wavespeed_api_key),
        ):
            if key is not None and not base.startswith("https://") and not is_loopback_url(base):
                raise ValueError(
                    f"{name}_API_BASE is {base}: {name}_API_KEY would travel unencrypted; use https, or a loopback address"
                )
        return self

    @property
    def grok_mode(self) -> ProviderMode:
        """Whether Grok is real or simulated."""
        return provider_mode(self.xai_api_base)

    @property
    def wavespeed_mode(self) -> ProviderMode:
        """Whether WaveSpeed is real or simulated."""
        return provider_mode(self.wavespeed_api_base)

    @property
    def submission_pace(self) -> SubmissionPace:
        """How fast paid POSTs may be made: the tier's numbers, and those set by themselves in their place."""
        return pace_of(
            self.wavespeed_tier, per_second=self.wavespeed_per_second, concurrency=self.wavespeed_concurrency
        )


def provider_mode(base: str) -> ProviderMode:
    """Return `simulated` for a loopback address: a local server bills nobody."""
    return ProviderMode.SIMULATED if is_loopback_url(base) else ProviderMode.REAL
