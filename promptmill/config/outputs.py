"""Settings of stored outputs: our own copies of what WaveSpeed deletes after seven days."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field, field_validator

from promptmill.config.values import AtOnce

OBJECT_STORE_VARIABLES: Final = {
    "AWS_ACCESS_KEY_ID": "s3: access key; without one that of the machine's role is used.",
    "AWS_SECRET_ACCESS_KEY": "s3: its secret.",
    "AWS_SESSION_TOKEN": "s3: session token of temporary credentials.",
    "AWS_REGION": "s3: region of the bucket.",
    "AWS_ENDPOINT": "s3: URL of another service that speaks S3, such as https://minio.example.com.",
    "AWS_ALLOW_HTTP": "s3: `true` allows an endpoint without TLS.",
    "GOOGLE_SERVICE_ACCOUNT": "gs: path of the service account's key file.",
    "AZURE_STORAGE_ACCOUNT_NAME": "az: name of the storage account.",
    "AZURE_STORAGE_ACCOUNT_KEY": "az: its key.",
}
"""Variables that the object store's client knows, with their meaning; `.env.example` lists them."""

OFF: Final = "off"
"""For a place: nothing is stored, although `make up` would choose a folder."""

FOLDER_MAX_GB: Final = 20.0
"""Cap of a folder without one of its own: a disk fills up, a bucket does not."""

_BUCKET = re.compile(r"(s3|gs|az)://[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._/-]*)?")


def _place(text: str) -> str:
    """Accept a folder, or a bucket with an optional prefix."""
    if "://" in text and not _BUCKET.fullmatch(text):
        raise ValueError(
            "must be a folder, or a bucket such as s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
        )
    return text.rstrip("/") or text


Place = Annotated[str, AfterValidator(_place)]
"""A folder's path, or a bucket's URL."""


class OutputSettings(BaseModel):
    """Where outputs are stored, how much, and how they are fetched."""

    outputs: Place | None = Field(
        None,
        description="Where finished outputs are stored: a folder, or s3://bucket/prefix, gs://bucket/prefix, az://container/prefix; the same for API and worker. Without one they are not stored, and WaveSpeed deletes them after seven days. `make up` chooses `.promptmill/outputs`; `off` stores none.",
    )
    outputs_max_gb: float | None = Field(
        None,
        ge=0,
        description="Most that stored outputs may take, in GB (10^9 bytes): then the oldest that nobody likes are deleted. 0 sets no limit. Default: 20 for a folder, no limit for a bucket.",
    )
    outputs_file_max_mb: int = Field(
        1000, ge=1, le=50_000, description="Largest output that is stored, in MB (10^6 bytes)."
    )
    outputs_fetch_seconds: float = Field(300, gt=0, le=3600, description="Timeout of fetching one output.")
    outputs_concurrency: AtOnce = Field(4, description="Maximum outputs that one worker fetches at once.")
    # What the object store's client knows, merged from the environment and the files; not a setting of ours.
    object_store: dict[str, str] = Field(
        default_factory=dict, repr=False, description="The variables of the object store."
    )

    @field_validator("outputs", mode="before")
    @classmethod
    def _off(cls, place: object) -> object:
        return None if place == OFF else place

    @property
    def outputs_in_bucket(self) -> bool:
        """Whether outputs are stored in a bucket, not in a folder."""
        return "://" in (self.outputs or "")

    @property
    def outputs_max_bytes(self) -> int | None:
        """Most that stored outputs may take; None without a limit."""
        usual = None if self.outputs_in_bucket else FOLDER_MAX_GB
        most = usual if self.outputs_max_gb is None else self.outputs_max_gb
        return round(most * 1e9) if most else None
