"""Single sign-on behind a real nginx, which asks a sign-in service of its own who somebody is (`auth_request`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from promptmill.config.settings import Settings
from promptmill.contracts.audit import Action, AuditFilter
from promptmill.local.ports import free_port
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.fixtures.nginx import running_nginx
from tests.support import open_http

NAME = "mill.example"
SECRET = "the-proxys-own-secret-which-is-long"
JOB = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}
PAGE = {"Origin": f"https://{NAME}", "Sec-Fetch-Site": "same-origin"}
CLAIMS = {"X-Forwarded-User": "root", "X-Forwarded-Groups": "ops"}
SITE = """
  map $cookie_login $person {{ anna anna@example.com; max max@example.com; eve eve@example.com; kim kim@example.com; }}
  map $cookie_login $groups {{ anna "all,designers"; max ops; eve all; kim all; }}
  upstream promptmill {{ server 127.0.0.1:{upstream}; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port};
    location = /sign-in/check {{
      internal;
      if ($person = "") {{ return 401; }}
      proxy_pass http://127.0.0.1:{service}/;
      proxy_set_header X-Person $person;
      proxy_set_header X-Groups $groups;
    }}
    location / {{
      auth_request /sign-in/check;
      auth_request_set $person_told $upstream_http_x_auth_request_user;
      auth_request_set $groups_told $upstream_http_x_auth_request_groups;
      proxy_pass http://promptmill;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-User $person_told;
      proxy_set_header X-Forwarded-Groups $groups_told;
      proxy_set_header Promptmill-Proxy-Secret {secret};
    }}
    location /scripts/ {{
      proxy_pass http://promptmill/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-User "";
      proxy_set_header X-Forwarded-Groups "";
      proxy_set_header Promptmill-Proxy-Secret {secret};
    }}
  }}
  server {{
    listen 127.0.0.1:{service};
    location / {{
      add_header X-Auth-Request-User $http_x_person always;
      add_header X-Auth-Request-Groups $http_x_groups always;
      return 202;
    }}
  }}
"""


@pytest.fixture
def sign_on_settings(lonely_settings: Settings) -> Settings:
    changed = {
        "allowed_hosts": NAME,
        "trusted_proxy": "127.0.0.0/8",
        "trusted_proxy_secret": SECRET,
        "trusted_proxy_groups": "ops=local:admin, designers=team-a:member",
        "trusted_proxy_sign_out_url": "/sign-in/out",
    }
    return Settings(**lonely_settings.model_dump() | changed)


@pytest.fixture
async def api(sign_on_settings: Settings, store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """The API itself, reached beside the proxy."""
    await store.access.add_owner("team-a")
    async with open_api(sign_on_settings) as client:
        yield client


@pytest.fixture
def proxy(api: httpx.AsyncClient, tmp_path: Path) -> Iterator[int]:
    with signing_nginx(tmp_path / "nginx", api) as port:
        yield port


@contextmanager
def signing_nginx(folder: Path, api: httpx.AsyncClient) -> Iterator[int]:
    port, service = free_port(), free_port()
    site = SITE.format(upstream=api.base_url.port, port=port, service=service, secret=SECRET)
    with running_nginx(folder, site, port, service):
        yield port


def signed_in(proxy: int, login: str | None) -> httpx.AsyncClient:
    """Make a client with the proxy's cookie of this person."""
    client = open_http(f"http://127.0.0.1:{proxy}")
    client.headers["Host"] = NAME
    if login is not None:
        client.headers["Cookie"] = f"login={login}"
    return client


async def test_the_proxys_people_work_with_what_their_groups_may_and_the_log_names_them(
    proxy: int, store: Store
) -> None:
    async with signed_in(proxy, "anna") as anna, signed_in(proxy, "max") as boss:
        who = (await anna.get("/api/session")).json()
        created = await anna.post("/api/jobs/create", json=JOB, headers=PAGE)
        cancelled = await anna.delete(created.headers["location"], headers=PAGE)
        forbidden = await anna.get("/api/keys")
        owners = await boss.get("/api/owners")
        unseen = await boss.get(created.headers["location"])

    assert {name: who[name] for name in ("signedIn", "signInRequired", "owner", "actor", "signOutUrl")} == {
        "signedIn": True,
        "signInRequired": True,
        "owner": "team-a",
        "actor": "sso:anna@example.com",
        "signOutUrl": "/sign-in/out",
    }
    assert (created.status_code, cancelled.status_code) == (202, 200)
    assert (forbidden.status_code, forbidden.json()["code"]) == (403, "scope_missing")
    assert (owners.status_code, unseen.status_code) == (200, 404)
    (entry,) = await store.audit.list(AuditFilter(action=Action.JOB_CANCEL))
    assert (entry.actor, entry.owner) == ("sso:anna@example.com", "team-a")


async def test_what_a_client_claims_is_replaced_or_ignored(proxy: int, api: httpx.AsyncClient) -> None:
    async with signed_in(proxy, "anna") as anna, signed_in(proxy, None) as nobody:
        claimed = (await anna.get("/api/session", headers=CLAIMS)).json()
        refused = await nobody.get("/api/jobs", headers=CLAIMS)
        through = await nobody.get("/scripts/api/jobs", headers=CLAIMS)
    beside = [await api.get("/api/jobs", headers=CLAIMS | more) for more in ({}, {"Promptmill-Proxy-Secret": "guess"})]

    assert claimed["actor"] == "sso:anna@example.com"
    assert refused.status_code == 401
    assert "nginx" in refused.text
    assert [answer.json()["code"] for answer in (through, *beside)] == ["unauthorized"] * 3


async def test_whoever_is_in_no_known_group_is_told_so(proxy: int, store: Store) -> None:
    """And each of them to the audit log, though they all have the proxy's address."""
    async with signed_in(proxy, "eve") as eve, signed_in(proxy, "kim") as kim:
        for path in ("/api/session", "/api/jobs", "/metrics"):
            refused = await eve.get(path)
            assert (refused.status_code, refused.json()["code"]) == (403, "sign_on_unknown_group")
            assert "eve@example.com" in refused.json()["detail"]
        assert (await eve.get("/")).status_code == 200
        await kim.get("/api/jobs")

    told = await store.audit.list(AuditFilter(action=Action.SESSION_REFUSE))
    assert [entry.actor for entry in told] == ["sso:kim@example.com", "sso:eve@example.com"]


@pytest.mark.parametrize(
    "page", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
)
async def test_another_page_changes_nothing_with_the_proxys_cookie(proxy: int, page: dict[str, str]) -> None:
    async with signed_in(proxy, "anna") as anna:
        refused = await anna.post("/api/jobs/create", json=JOB, headers=page)

    assert (refused.status_code, refused.json()["code"]) == (403, "origin_not_allowed")


async def test_scripts_behind_the_same_proxy_use_keys(proxy: int, store: Store) -> None:
    key = await make_key(store, "viewer", "team-b")
    async with signed_in(proxy, None) as script, signed_in(proxy, "anna") as anna:
        passed = await script.get("/scripts/api/session", headers=bearer(key))
        both = await anna.get("/api/session", headers=bearer(key))

    assert [answer.json()["owner"] for answer in (passed, both)] == ["team-b", "team-b"]
    assert both.json()["signOutUrl"] is None


async def test_a_persons_live_stream_is_theirs(proxy: int) -> None:
    async with signed_in(proxy, "anna") as anna, anna.stream("GET", "/api/jobs/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(line async for line in lines if line == "event: resync")
        job_id = (await anna.post("/api/jobs/create", json=JOB, headers=PAGE)).json()["jobId"]
        assert await anext(line async for line in lines if job_id in line)
