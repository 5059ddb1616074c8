"""Where outputs are saved: names from a template that never leave the folder, and files that are never overwritten."""

from __future__ import annotations

import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from filecmp import cmp
from itertools import count
from pathlib import Path, PurePosixPath
from string import Formatter
from typing import IO, Final, NamedTuple
from urllib.parse import urlsplit

from promptmill_client.calls import get_file
from promptmill_client.errors import NotSaved
from promptmill_client.messages import Call
from promptmill_client.models import JobAnswer, OutputAnswer, StoredState

TEMPLATE: Final = "{model}/{slug}-{seed}.{ext}"
FIELDS: Final = ("model", "slug", "seed", "ext", "index", "job", "date")
"""What a template may have in braces."""

_SLUG_CHARACTERS: Final = 60
_PART_CHARACTERS: Final = 100
_ENDINGS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "text/plain": "txt",
    "application/json": "json",
}
_ENDINGS_OF_KINDS: Final = {"image": "png", "video": "mp4", "audio": "mp3", "text": "txt", "json": "json"}
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class Saved(NamedTuple):
    """An output that is in a file.

    Attributes:
        already: Whether the file was there before, with the same content.
        instead_of: The name that it would have had, where another file has that.
    """

    path: Path
    already: bool = False
    instead_of: Path | None = None


def checked_template(template: str) -> str:
    """Return a template whose fields are all known.

    Raises:
        ValueError: It has another one, cannot be filled, or is not the path of a file below a folder.
    """
    unknown = [name for name in _fields(template) if name not in FIELDS]
    if unknown:
        raise ValueError(f"{{{unknown[0]}}} is unknown; there are: {', '.join(f'{{{name}}}' for name in FIELDS)}.")
    if template.endswith("/") or not template.strip():
        raise ValueError("It must end with the name of a file, such as {slug}-{seed}.{ext}.")
    try:
        template.format(**dict.fromkeys(FIELDS, ""))
    except (ValueError, KeyError) as error:  # what follows a name: {seed:d}, {slug:{word}}
        raise ValueError(f"{template} cannot be filled: write a name alone in braces, such as {{seed}}.") from error
    return template


def source(job: JobAnswer, output: OutputAnswer) -> Call[None] | bytes:
    """Return where an output's file is: our own copy if there is one, or else WaveSpeed's; or its text.

    Raises:
        NotSaved: It has no file.
    """
    if output.stored is not None and output.stored.state == StoredState.STORED:
        return get_file(f"/api/jobs/{job.job_id}/outputs/{output.index}/file")
    if output.url is not None:
        if urlsplit(output.url).scheme not in {"https", "http"}:
            raise NotSaved(f"Output {output.index} of job {job.job_id} is at an address that is not one of the web.")
        return get_file(output.url)
    if output.text is not None:
        return output.text.encode()
    raise NotSaved(f"Output {output.index} of job {job.job_id} has no file.")


def target(folder: Path, template: str, job: JobAnswer, output: OutputAnswer) -> Path:
    """Return where an output is to be saved.

    What stands in braces becomes part of one name: no value can add a folder, or leave it.

    Raises:
        NotSaved: The path leads out of the folder, through a link in it.
    """
    values = {
        "model": _part(job.model.replace("/", "-")),
        "slug": _slug(job),
        "seed": _part(str(job.input.get("seed", "random"))),
        "ext": _ending(output),
        "index": str(output.index + 1),
        "job": str(job.job_id),
        "date": f"{job.created_at:%Y-%m-%d}",
    }
    name = PurePosixPath(checked_template(template).format(**values))
    if len(job.outputs) > 1 and "index" not in _fields(template):
        name = name.with_name(f"{name.stem}-{values['index']}{name.suffix}")
    path = folder.joinpath(*(_part(part) for part in name.parts if part not in {"/", ".", ".."}))
    if not path.resolve().is_relative_to(folder.resolve()):
        raise NotSaved(f"{path} is not below {folder}.")
    return path


def _fields(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


@dataclass
class Saving:
    """Writes a file beside its place under a hidden name, and puts it there when it is whole."""

    wanted: Path
    part: Path
    file: IO[bytes]

    @classmethod
    def begin(cls, wanted: Path) -> Saving:
        """Open the file."""
        wanted.parent.mkdir(parents=True, exist_ok=True)
        part = wanted.with_name(f".{secrets.token_hex(8)}.part")
        return cls(wanted, part, part.open("xb"))

    def finish(self) -> Saved:
        """Put the file into its place; where another one is, beside it under the next free name."""
        self.file.close()
        for path in _names(self.wanted):
            try:
                _place(self.part, path)
            except FileExistsError:
                if path.is_file() and cmp(self.part, path, shallow=False):
                    return Saved(path, already=True)
                continue
            return Saved(path, instead_of=self.wanted if path != self.wanted else None)
        raise AssertionError("the names do not end")

    def close(self) -> None:
        """Remove what is not in its place."""
        self.file.close()
        self.part.unlink(missing_ok=True)


def _place(part: Path, path: Path) -> None:
    """Give a file its name, unless something has it."""
    try:
        # Unlike a renaming, it fails where something is.
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        path.touch(exist_ok=False)
        part.replace(path)


def _names(wanted: Path) -> Iterator[Path]:
    yield wanted
    for number in count(2):
        yield wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")


def _slug(job: JobAnswer) -> str:
    text = unicodedata.normalize("NFKD", job.prompt or job.original_prompt or "").encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", text.lower())
    slug = "-".join(words)[:_SLUG_CHARACTERS].rsplit("-", 1 if len("-".join(words)) > _SLUG_CHARACTERS else 0)[0]
    return slug or str(job.job_id)


def _ending(output: OutputAnswer) -> str:
    stored = output.stored
    if stored is not None and stored.content_type in _ENDINGS:
        return _ENDINGS[stored.content_type]
    named = PurePosixPath(urlsplit(output.url or "").path).suffix.removeprefix(".").lower()
    return named if re.fullmatch(r"[a-z0-9]{1,5}", named) else _ENDINGS_OF_KINDS.get(output.kind, "bin")


def _part(text: str) -> str:
    """Return a text as one part of a path: no separators, no controls, not hidden, and no device of Windows."""
    plain = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]', "-", text).strip(" ").lstrip(".")[:_PART_CHARACTERS].rstrip(" .")
    return f"_{plain}" if not plain or _RESERVED.fullmatch(plain) else plain
