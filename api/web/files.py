"""Static files as browsers receive them: read and compressed once per process, with entity tags from their content."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from posixpath import dirname, join, normpath
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from api.http.representations import digest_of, represent

FOR_EVER: Final = "public, max-age=31536000, immutable"
CHECKED: Final = "no-cache"
AN_HOUR: Final = "public, max-age=3600"

HTML: Final = "text/html; charset=utf-8"
_MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_STATIC_IMPORT: Final = re.compile(r'^(?:import|export)\s(?:[^";]*?\sfrom\s)?"(\.[^"]+)"', re.MULTILINE)
_COMMENT: Final = re.compile(rb"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)
_INDENT: Final = re.compile(rb"^\t+", re.MULTILINE)
_STYLES: Final = ("tokens.css", "layout.css", "parts.css", "jobs.css")
_MAIN: Final = "main.js"


@dataclass(frozen=True)
class WebFile:
    """A file, or a rendered page."""

    content: bytes
    media_type: str

    @cached_property
    def compressed(self) -> bytes:
        """The gzip-compressed content."""
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def digest(self) -> str:
        """A hash of the content."""
        return digest_of(self.content)

    def answer(self, request: Request, cache_control: str | None = None) -> Response:
        """Return the file in an encoding that the browser accepts, or 304 if the browser has it."""
        return represent(
            request,
            self.content,
            self.media_type,
            digest=self.digest,
            compressed=lambda: self.compressed,
            cache_control=cache_control,
        )


@dataclass(frozen=True)
class Workspace:
    """The modules and style sheets of the workspace page, by their path within its folder."""

    files: dict[str, WebFile]

    @cached_property
    def version(self) -> str:
        """A hash over all files: modules of two versions must never mix."""
        together = "".join(f"{name}{file.digest}" for name, file in sorted(self.files.items()))
        return sha256(together.encode()).hexdigest()[:12]

    def address(self, name: str) -> str:
        """Return the URL of a file; it contains the version, so it can be cached indefinitely."""
        return f"/web/workspace-{self.version}/{name}"

    @property
    def main(self) -> str:
        """The entry module."""
        return _MAIN

    @property
    def styles(self) -> list[str]:
        """The style sheets, in cascade order."""
        return [f"styles/{name}" for name in _STYLES]

    @cached_property
    def first_modules(self) -> list[str]:
        """The modules that the first view needs: the static imports of `main.js`, transitively, breadth first.

        Modules loaded by `import()` are not among them.
        """
        found = [_MAIN]
        for name in found:
            found += [target for target in self.imports(name) if target not in found]
        return found

    def imports(self, name: str) -> Iterator[str]:
        """Return the static imports of a module."""
        source = self.files[name].content.decode()
        for target in dict.fromkeys(_STATIC_IMPORT.findall(source)):
            yield normpath(join(dirname(name), target))


@cache
def workspace() -> Workspace:
    """Return the files of the workspace page."""
    root = files("api").joinpath("web", "workspace")
    return Workspace({name: _brief(_read(entry)) for name, entry in _walk(root) if name.endswith((".css", ".js"))})


@cache
def read_file(package: str, name: str) -> WebFile:
    """Return a file of a package. The caller must check that `name` is a known one."""
    return _read(files(package).joinpath(*name.split("/")))


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry


def _brief(file: WebFile) -> WebFile:
    """Return a file without its comments and indentation, which are a quarter of what is sent.

    Only whole lines are taken, and they stay as empty ones: an error names the line that it has in the repository.
    """
    code = _COMMENT.sub(lambda comment: b"\n" * comment[0].count(b"\n"), file.content)
    return WebFile(_INDENT.sub(b"", code), file.media_type)


def _read(entry: Traversable) -> WebFile:
    return WebFile(entry.read_bytes(), _MEDIA_TYPES[entry.name.rsplit(".", 1)[1]])
