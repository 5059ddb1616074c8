"""Section 13: who is let in, what is refused, and what refusals tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from promptmill.addresses import is_loopback_url
from promptmill.checklist.findings import Fails, NotSeen
from promptmill.checklist.lines import Line
from promptmill.checklist.secrets import secrets_of
from promptmill.checklist.target import JOBS, PROMPTS, Target
from promptmill.commands.instance import Answer, short
from promptmill.config.settings import Settings
from promptmill.contracts.access import Scope

PROBLEM: Final = "application/problem+json"
SESSION: Final = "/api/session"
NOBODY: Final = "01890000-0000-7000-8000-000000000000"
MOST_PROBES: Final = 300
"""Requests with which a limit a minute is looked for: a higher one is not tried."""

_BAD: Final[Sequence[tuple[str, str, object]]] = (
    ("POST", f"{JOBS}/create", {"model": "wavespeed-ai/flux-dev", "prompt": 7}),
    ("POST", f"{JOBS}/create", {"model": "wavespeed-ai/flux-dev", "prompt": "A fox", "prority": 3}),
    ("POST", f"{JOBS}/create", {"model": "wavespeed-ai/flux-dev", "prompt": "A fox", "priority": 99}),
    ("POST", f"{JOBS}/create", {"model": "wavespeed-ai/flux-dev", "prompt": "A fox", "callbackUrl": "file:///etc"}),
    ("POST", f"{JOBS}/create", "no object"),
    ("POST", PROMPTS, {}),
    ("GET", f"{JOBS}/no-id", None),
    ("GET", f"{JOBS}?limit=-1", None),
)


async def keys_are_required(target: Target, _: Line) -> str:
    """Call without a key."""
    answer = await target.as_caller(None, "GET", JOBS)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return f"GET {JOBS} without a key: 401"
    if is_loopback_url(target.instance.url):
        raise NotSeen("nobody needs a key here, since only this machine is served and no key was ever made")
    raise Fails(f"GET {JOBS} without a key: {answer.status}")


async def scopes_are_required(target: Target, _: Line) -> str:
    """Let a key that may only look ask for more; an admin makes one for it, and revokes it."""
    who = await target.expect(HTTPStatus.OK, "GET", SESSION)
    if not who["signInRequired"]:
        raise NotSeen("nobody needs a key here; the first one would end that, so none was made for a trial")
    if Scope.ADMIN not in who["scopes"]:
        return await _refused(target, target.instance.key, "GET", "/api/keys")
    made = await target.expect(
        HTTPStatus.CREATED, "POST", "/api/keys", {"name": f"checklist {target.run}", "role": "viewer"}
    )
    try:
        seen = await _refused(target, made["key"], "DELETE", f"{JOBS}/{NOBODY}")
        return f"{seen}; {await _refused(target, made['key'], 'GET', '/api/keys')}"
    finally:
        await target.expect(HTTPStatus.OK, "DELETE", f"/api/keys/{made['id']}")


async def refusals_tell_nothing(target: Target, _: Line) -> str:
    """Look in refusals for secrets, addresses of servers, and the inside of programs."""
    answers = [
        await target.as_caller("pm_wrong", "GET", JOBS),
        await target.ask("GET", f"{JOBS}/{NOBODY}"),
        await target.ask("GET", "/api/nothing"),
        *[answer for _, answer in await _bad_answers(target)],
    ]
    told = [name for name, text in _secrets(target.settings) if any(text in short(a.body, 100_000) for a in answers)]
    if told:
        raise Fails(f"a refusal tells {', '.join(told)}")
    return f"{len(answers)} refusals tell no secret, no server's address and no traceback"


async def input_is_validated(target: Target, _: Line) -> str:
    """Send what is wrong: each must be refused as a problem that says what."""
    answers = await _bad_answers(target)
    wrong = [f"{what}: {a.status} {short(a.body)}" for what, a in answers if not _is_refusal(a)]
    if wrong:
        raise Fails("; ".join(wrong))
    return f"{len(answers)} bad requests were refused with a problem document"


async def rate_is_limited(target: Target, _: Line) -> str:
    """Ask for what is refused anyway, until the limit a minute is met: the caller's own is used up for that minute."""
    limit = target.settings.requests_per_minute
    if limit is None:
        raise NotSeen("PROMPTMILL_REQUESTS_PER_MINUTE is not set: whoever has a key may ask as often as they like")
    if limit > MOST_PROBES:
        raise NotSeen(f"the limit of {limit} a minute is too high to be tried")
    for count in range(2 * limit + 1):
        answer = await target.ask("POST", PROMPTS, {})
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return f"429 after {count} requests; the limit is {limit} a minute"
    raise Fails(f"{2 * limit + 1} requests were answered without a 429")


async def _bad_answers(target: Target) -> list[tuple[str, Answer]]:
    async def ask() -> list[tuple[str, Answer]]:
        return [(f"{method} {path} {short(body)}", await target.ask(method, path, body)) for method, path, body in _BAD]

    return await target.once("bad answers", ask)


def _is_refusal(answer: Answer) -> bool:
    return HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and answer.kind == PROBLEM


async def _refused(target: Target, key: str | None, method: str, path: str) -> str:
    answer = await target.as_caller(key, method, path)
    if answer.status != HTTPStatus.FORBIDDEN:
        raise Fails(f"{method} {path} with a key that must not: {answer.status} {short(answer.body)}")
    return f"{method} {path} with a key that must not: 403"


def _secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what must not be told, by its name."""
    yield "a traceback", "Traceback (most recent call last)"
    yield "a traceback", "site-packages"
    yield from secrets_of(settings)
    if settings.database_url is not None and (host := urlsplit(settings.database_url.get_secret_value()).hostname):
        yield "where Postgres is", f"@{host}"
