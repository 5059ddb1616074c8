"""A Content-Security-Policy by its directives."""

from __future__ import annotations

import httpx

FETCHES = ("connect-src", "font-src", "frame-src", "img-src", "media-src", "object-src", "script-src", "style-src")
"""Directives that `default-src` stands in for."""


def content_policy(answer: httpx.Response) -> dict[str, set[str]]:
    """Return what each directive of a response allows; `'none'`, which allows nothing, is an empty set."""
    directives: dict[str, set[str]] = {}
    for told in answer.headers["content-security-policy"].split(";"):
        name, *sources = told.split()
        assert name not in directives, f"{name} is told twice: browsers would take the first"
        directives[name] = set(sources) - {"'none'"}
    return dict.fromkeys(FETCHES, directives["default-src"]) | directives
