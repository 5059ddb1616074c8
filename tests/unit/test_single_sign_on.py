"""Whom a proxy signs in: who is believed, what their groups may do, and which settings are refused."""

from __future__ import annotations

from typing import cast

import pytest
from starlette.datastructures import Headers

from api.access.door import Door
from api.access.identities import LOCAL, Identities
from api.access.single_sign_on import PERSON_CHARACTERS, PROOF
from api.http.callers import CallerRules, Refusal
from promptmill.config.advice import start_warnings
from promptmill.config.settings import Settings, load_settings
from promptmill.contracts.access import ROLES, Caller
from promptmill.contracts.errors import ConfigurationError, RecordUnavailable
from promptmill.store.access import AccessStore
from promptmill.store.audit import AuditStore
from tests.fixtures.access import Told

SECRET = "a secret of the proxy, which is long".replace(" ", "-")
GROUPS = "ops = local:admin\n/team a:x=team-a:member, viewers=team-a:viewer, lost=team-z:viewer"
PROXY = "10.0.0.5"
ANNA = (("x-forwarded-user", "anna@example.com"), ("x-forwarded-groups", "all,/team a:x"))


class Owners:
    """In the place of the record: which owners there are, and one key."""

    away = False

    async def is_owner(self, name: str) -> bool:
        if self.away:
            raise RecordUnavailable
        return name == "team-a"

    async def any_key(self) -> bool:
        return False


def settings_of(**values: str) -> Settings:
    named = {f"PROMPTMILL_TRUSTED_PROXY{name}": value for name, value in values.items()}
    return load_settings({"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_TRUSTED_PROXY_GROUPS": GROUPS} | named)


BY_ADDRESS = settings_of(**{"": f"{PROXY},192.0.2.0/24"})
BY_SECRET = settings_of(_SECRET=SECRET)
BY_BOTH = settings_of(**{"": PROXY}, _SECRET=SECRET)


async def admitted(
    settings: Settings,
    peer: str | None,
    *headers: tuple[str, str],
    key_only: bool = False,
    log: Told | None = None,
    store: Owners | None = None,
) -> Caller | Refusal | None:
    identities = Identities(settings, cast("AccessStore", store or Owners()))
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    door = Door(CallerRules.of(settings), identities, cast("AuditStore", log or Told()))
    return await door.admit("/api/jobs", Headers(raw=raw), peer, key_only=key_only)


@pytest.mark.parametrize(
    ("settings", "peer", "proof"),
    [
        (BY_ADDRESS, PROXY, ()),
        (BY_ADDRESS, "192.0.2.77", ()),
        (BY_ADDRESS, f"::ffff:{PROXY}", ()),
        (BY_SECRET, "203.0.113.1", (SECRET,)),
        (BY_SECRET, None, (SECRET,)),
        (BY_BOTH, PROXY, (SECRET,)),
    ],
)
async def test_the_proxys_person_is_let_in(settings: Settings, peer: str | None, proof: tuple[str, ...]) -> None:
    proven = [(PROOF, text) for text in proof]

    assert await admitted(settings, peer, *ANNA, *proven) == Caller("team-a", ROLES["member"], "sso:anna@example.com")


@pytest.mark.parametrize(
    ("settings", "peer", "proof"),
    [
        (BY_ADDRESS, "10.0.0.6", ()),
        (BY_ADDRESS, "127.0.0.1", ()),
        (BY_ADDRESS, None, ()),
        (BY_SECRET, PROXY, ()),
        (BY_SECRET, PROXY, (SECRET + "x",)),
        (BY_SECRET, PROXY, (SECRET, SECRET)),
        (BY_BOTH, PROXY, ()),
        (BY_BOTH, "10.0.0.6", (SECRET,)),
    ],
)
async def test_anybody_elses_headers_tell_nothing(settings: Settings, peer: str | None, proof: tuple[str, ...]) -> None:
    """Nor is loopback open beside it, though there is no key: the proxy may be on this machine."""
    proven = [(PROOF, text) for text in proof]

    assert await admitted(settings, peer, *ANNA, *proven) == Refusal("unauthorized")


async def test_without_a_proxy_the_headers_tell_nothing() -> None:
    assert await admitted(load_settings({"PROMPTMILL_ENV_FILE": ""}), PROXY, *ANNA) == LOCAL


@pytest.mark.parametrize(
    ("groups", "owner", "role"),
    [
        ("/team a:x,ops", "local", "admin"),
        ("viewers,/team a:x", "team-a", "member"),
        (" viewers ", "team-a", "viewer"),
    ],
)
async def test_of_several_groups_the_first_one_in_the_setting_counts(groups: str, owner: str, role: str) -> None:
    caller = await admitted(BY_ADDRESS, PROXY, ("X-Forwarded-User", "Zoë"), ("X-Forwarded-Groups", groups))

    assert caller == Caller(owner, ROLES[role], "sso:Zoë")


@pytest.mark.parametrize("groups", ["", "other", "OPS", "ops/x", ","])
async def test_whoever_is_in_no_known_group_is_refused_and_told_to_the_audit_log(groups: str) -> None:
    log = Told()
    refused = await admitted(BY_ADDRESS, PROXY, ("X-Forwarded-User", "eve"), ("X-Forwarded-Groups", groups), log=log)

    assert isinstance(refused, Refusal)
    assert refused.code == "sign_on_unknown_group"
    assert [(actor, address) for _, actor, address in log.entries] == [("sso:eve", PROXY)]


async def test_an_owner_that_does_not_exist_is_named_and_one_that_cannot_be_looked_up_lets_nobody_in() -> None:
    person = (("X-Forwarded-User", "max"), ("X-Forwarded-Groups", "lost"))
    refused = await admitted(BY_ADDRESS, PROXY, *person)
    away = Owners()
    away.away = True

    assert isinstance(refused, Refusal)
    assert (refused.code, "team-z" in (refused.detail or "")) == ("sign_on_unknown_owner", True)
    with pytest.raises(RecordUnavailable):
        await admitted(BY_ADDRESS, PROXY, *ANNA, store=away)


@pytest.mark.parametrize(
    "headers",
    [
        (("X-Forwarded-User", "anna"), *ANNA),
        (*ANNA, ("X-Forwarded-Groups", "ops")),
        (("X-Forwarded-User", "a\x1b[31m"), ("X-Forwarded-Groups", "ops")),
        (("X-Forwarded-User", "a\u202eb"), ("X-Forwarded-Groups", "ops")),
        (("X-Forwarded-User", "x" * (PERSON_CHARACTERS + 1)), ("X-Forwarded-Groups", "ops")),
    ],
)
async def test_a_header_that_came_twice_or_is_no_name_is_refused(headers: tuple[tuple[str, str], ...]) -> None:
    refused = await admitted(BY_ADDRESS, PROXY, *headers)

    assert isinstance(refused, Refusal)
    assert refused.code == "sign_on_invalid"


async def test_a_proxy_that_names_nobody_signs_nobody_in() -> None:
    assert await admitted(BY_ADDRESS, PROXY, ("X-Forwarded-Groups", "ops")) == Refusal("unauthorized")
    assert await admitted(BY_ADDRESS, PROXY, ("X-Forwarded-User", " "), ("X-Forwarded-Groups", "ops")) == Refusal(
        "unauthorized"
    )


async def test_a_key_goes_before_the_person_and_for_another_page_nothing_else_counts() -> None:
    wrong_key = ("Authorization", "Bearer wrong")

    assert await admitted(BY_ADDRESS, PROXY, *ANNA, wrong_key) == Refusal("unauthorized")
    refused = await admitted(BY_ADDRESS, PROXY, *ANNA, key_only=True)
    assert isinstance(refused, Refusal)
    assert refused.code == "unauthorized"
    assert isinstance(await admitted(BY_ADDRESS, PROXY, *ANNA, ("Authorization", "Basic YTpi")), Caller)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"": "0.0.0.0/0"}, "is everybody"),
        ({"": "10.0.0.1/33"}, "PROMPTMILL_TRUSTED_PROXY is not valid: must be addresses"),
        ({"_SECRET": "x" * 31}, "PROMPTMILL_TRUSTED_PROXY_SECRET needs 32"),
        ({"_SECRET": "x" * 31 + "é"}, "ASCII"),
        ({"": PROXY, "_GROUPS": ""}, "no group may do anything"),
        ({}, "no proxy is trusted"),
        ({"": PROXY, "_GROUPS": "a=local:admin, b:viewer"}, "the entry 'b:viewer' must be group=owner:role"),
        ({"": PROXY, "_GROUPS": "a=local"}, "the entry 'a=local' must be"),
        ({"": PROXY, "_GROUPS": "=local:admin"}, "the entry '=local:admin' must be"),
        ({"": PROXY, "_GROUPS": "a=local:membr"}, "the entry 'a=local:membr': Unknown role. Did you mean member?"),
        ({"": PROXY, "_GROUPS": "a=Team A:member"}, "the entry 'a=Team A:member': An owner's name"),
        ({"": PROXY, "_GROUPS": "a=local:viewer, a=local:admin"}, "names the group 'a' twice"),
        ({"": PROXY, "_USER_HEADER": "Cookie"}, "PROMPTMILL_TRUSTED_PROXY_USER_HEADER is not valid"),
        ({"": PROXY, "_USER_HEADER": "Promptmill-Proxy-Secret"}, "PROMPTMILL_TRUSTED_PROXY_USER_HEADER is not valid"),
        ({"": PROXY, "_USER_HEADER": "X User"}, "PROMPTMILL_TRUSTED_PROXY_USER_HEADER is not valid"),
        ({"": PROXY, "_USER_HEADER": "x-forwarded-groups"}, "name the same header"),
        ({"": PROXY, "_SIGN_OUT_URL": "javascript:alert(1)"}, "PROMPTMILL_TRUSTED_PROXY_SIGN_OUT_URL is not valid"),
        ({"": PROXY, "_SIGN_OUT_URL": "//evil.example"}, "PROMPTMILL_TRUSTED_PROXY_SIGN_OUT_URL is not valid"),
    ],
)
def test_settings_that_would_let_in_the_wrong_people_are_refused(values: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings_of(**values)

    assert said in str(refused.value)
    assert "x" * 31 not in str(refused.value)


@pytest.mark.parametrize(
    ("networks", "secret", "warned"),
    [
        (PROXY, {}, False),
        ("10.0.0.0/29,2001:db8::5", {}, False),
        (f"{PROXY},127.0.0.1", {}, True),
        ("::1", {}, True),
        ("172.16.0.0/12", {}, True),
        ("172.16.0.0/12,127.0.0.1", {"_SECRET": SECRET}, False),
    ],
)
def test_whoever_believes_many_without_a_secret_is_warned(
    networks: str, secret: dict[str, str], *, warned: bool
) -> None:
    warnings = start_warnings(settings_of(**{"": networks}, **secret), {"PROMPTMILL_ENV_FILE": ""})

    assert ["PROMPTMILL_TRUSTED_PROXY_SECRET" in warning for warning in warnings] == [True] * warned


def test_whoever_has_a_proxy_that_signs_in_is_not_warned_that_it_lets_everybody_in() -> None:
    behind = {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_ALLOWED_HOSTS": "mill.example"}
    sign_on = {"PROMPTMILL_TRUSTED_PROXY": PROXY, "PROMPTMILL_TRUSTED_PROXY_GROUPS": GROUPS}

    assert len(start_warnings(load_settings(behind), behind)) == 1
    assert start_warnings(load_settings(behind | sign_on), behind) == []
