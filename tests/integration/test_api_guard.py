"""What guards every path: who may call, how much, and in what form; and what every response carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from api.http.problem_kinds import PROBLEM_KINDS
from promptmill.config.settings import Settings
from promptmill.contracts.store import JobFilter
from promptmill.local.ports import free_port
from promptmill.store import Store
from tests.content_policy import content_policy
from tests.fixtures.api import open_api

PLAIN = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}
JSON = {"Content-Type": "application/json"}


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that a response is a complete problem document, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    assert problem["type"] == f"/docs/errors/{code}"
    assert problem["status"] == status == PROBLEM_KINDS[code].status
    assert problem["title"] == PROBLEM_KINDS[code].title
    assert problem["requestId"] == answer.headers["x-request-id"]
    assert problem["instance"] == answer.request.url.path
    assert problem["detail"]
    return problem


async def nothing_stored(store: Store) -> bool:
    statistics = await store.prompts.statistics("local")
    return not await store.jobs.list("local", JobFilter()) and statistics["total_queued"] == 0


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/api/jobs", "/api/jobs/x", "/nowhere", "/web/page.css"])
async def test_every_answer_carries_a_request_id_and_the_security_headers(
    lonely_api: httpx.AsyncClient, path: str
) -> None:
    answer = await lonely_api.get(path)

    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])
    policy = content_policy(answer)
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == set()
    assert not [source for sources in policy.values() for source in sources if source.startswith("'unsafe-")]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers


async def test_a_callers_request_id_is_kept_where_it_is_harmless(lonely_api: httpx.AsyncClient) -> None:
    kept = await lonely_api.get("/healthz", headers={"X-Request-Id": "trace-17.a_b"})
    replaced = await lonely_api.get("/healthz", headers={"X-Request-Id": "a b\tc"})

    assert kept.headers["x-request-id"] == "trace-17.a_b"
    assert replaced.headers["x-request-id"] != "a b\tc"


async def test_a_foreign_host_finds_nothing(lonely_settings: Settings) -> None:
    settings = lonely_settings.model_copy(update={"allowed_hosts": ("mill.example",)})
    async with open_api(settings) as client:
        for path in ("/", "/docs", "/api/jobs", "/metrics"):
            assert_problem(await client.get(path, headers={"Host": "evil.example"}), 404, "not_found")
        allowed = await client.get("/docs", headers={"Host": "mill.example"})
        probe = await client.get("/healthz", headers={"Host": "10.1.2.3"})

    assert (allowed.status_code, probe.status_code) == (200, 200)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_foreign_page_changes_nothing(
    lonely_api: httpx.AsyncClient, store: Store, headers: dict[str, str]
) -> None:
    created = await lonely_api.post("/api/jobs/create", json=PLAIN, headers=headers)
    cancelled = await lonely_api.delete("/api/jobs/01900000-0000-7000-8000-000000000000", headers=headers)

    assert_problem(created, 403, "origin_not_allowed")
    assert_problem(cancelled, 403, "origin_not_allowed")
    assert await nothing_stored(store)


async def test_with_a_token_every_call_needs_it(lonely_settings: Settings) -> None:
    async with open_api(lonely_settings.model_copy(update={"api_token": SecretStr("s3cret")})) as client:
        for path in ("/api/jobs", "/api/init", "/metrics", "/api/prompt/queue"):
            refused = await client.get(path)
            assert_problem(refused, 401, "unauthorized")
            assert refused.headers["www-authenticate"] == "Bearer"
        wrong = await client.get("/api/jobs", headers={"Authorization": "Bearer guess"})
        right = await client.get("/api/jobs", headers={"Authorization": "Bearer s3cret"})
        page = await client.get("/")

    assert_problem(wrong, 401, "unauthorized")
    assert (right.status_code, page.status_code) == (200, 200)


async def test_wrong_tokens_are_slowed_down_and_two_right_ones_pass_at_once(lonely_settings: Settings) -> None:
    tokens = {"api_token": SecretStr("s3cret"), "api_token_2": SecretStr("the-next-one")}
    async with open_api(lonely_settings.model_copy(update=tokens)) as client:
        guesses = [
            await client.get("/api/jobs", headers={"Authorization": f"Bearer guess-{number}"}) for number in range(6)
        ]
        right = [
            await client.get("/api/jobs", headers={"Authorization": f"Bearer {token.get_secret_value()}"})
            for token in tokens.values()
        ]
        without = await client.get("/api/jobs")

    assert [guess.status_code for guess in guesses] == [401] * 5 + [429]
    assert_problem(guesses[-1], 429, "too_many_wrong_tokens")
    assert (guesses[-1].headers["retry-after"], guesses[-1].headers["www-authenticate"]) == ("60", "Bearer")
    assert [answer.status_code for answer in right] == [200, 200]
    assert_problem(without, 401, "unauthorized")


@pytest.mark.parametrize("path", ["/api/jobs/create", "/api/prompt/queue"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "invalid_json"),
        (b'{"model": "a/b", "prompt": NaN}', 422, "invalid_json"),
        (b'{"prompt": "x\\u0000"}', 422, "invalid_json"),
        (b'{"prompt": "x\\ud800"}', 422, "invalid_json"),
        (b'{"prompt": "x", "prompt": "y"}', 422, "invalid_json"),
        (b"[" * 50_000, 422, "invalid_json"),
        (b"\xff\xfe", 422, "invalid_json"),
        (b"[]", 422, "invalid_request"),
        (b"null", 422, "invalid_request"),
        (b"", 422, "invalid_request"),
    ],
)
async def test_a_body_that_is_no_plain_json_object_is_refused(
    lonely_api: httpx.AsyncClient, store: Store, path: str, body: bytes, status: int, code: str
) -> None:
    assert_problem(await lonely_api.post(path, content=body, headers=JSON), status, code)
    assert await nothing_stored(store)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""]
)
async def test_another_content_type_is_refused(lonely_api: httpx.AsyncClient, store: Store, content_type: str) -> None:
    """A form on another site's page can send such bodies without a preflight request."""
    headers = {"Content-Type": content_type} if content_type else {}
    body = b'{"model": "a/b", "prompt": "x"}'
    answer = await lonely_api.post("/api/jobs/create", content=body, headers=headers)

    assert_problem(answer, 415, "unsupported_media_type")
    assert await nothing_stored(store)


async def test_json_with_its_charset_named_is_taken(lonely_api: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "Application/JSON; charset=UTF-8"}
    answer = await lonely_api.post("/api/jobs/create", content='{"model":"a/b","prompt":"é"}', headers=headers)

    assert answer.status_code == 202
    assert answer.json()["prompt"] == "é"


async def test_a_body_that_is_too_large_is_refused(
    lonely_api: httpx.AsyncClient, lonely_settings: Settings, store: Store
) -> None:
    large = b'{"model": "a/b", "prompt": "x"' + b" " * lonely_settings.max_body_bytes + b"}"

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 10_000):
            yield large[start : start + 10_000]

    async def chunked() -> Any:
        for piece in in_pieces():
            yield piece

    announced = await lonely_api.post("/api/jobs/create", content=large, headers=JSON)
    unannounced = await lonely_api.post("/api/jobs/create", content=chunked(), headers=JSON)

    assert_problem(announced, 413, "too_large")
    assert "content-length" not in unannounced.request.headers
    assert_problem(unannounced, 413, "too_large")
    assert await nothing_stored(store)


WRONG_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"model": "seedream"}, "/model"),
    ({"input": {"prompt": "x"}}, "/input/prompt"),
    ({"input": {"enable_sync_mode": True}}, "/input/enable_sync_mode"),
    ({"input": {"enable_base64_output": True}}, "/input/enable_base64_output"),
    ({"input": {"x": "é" * 40_000}}, "/input"),
    ({"prompt": None}, "/prompt"),
    ({"prompt": "x" * 10_001}, "/prompt"),
    ({"useAiPromt": True}, "/useAiPromt"),
    ({"useAiPrompt": "true"}, "/useAiPrompt"),
    ({"useAiPrompt": True, "prompt": None}, "/useAiPrompt"),
    ({"promptJobId": "x"}, "/promptJobId"),
    ({"promptJobId": "01900000-0000-7000-8000-000000000000"}, "/promptJobId"),
    ({"operation": "x"}, "/operation"),
    ({"instructions": "x" * 4_001}, "/instructions"),
    ({"targetUrl": "http://example.com/a.png"}, "/targetUrl"),
    ({"targetUrl": "https://169.254.169.254/latest"}, "/targetUrl"),
    ({"refUrls": ["https://example.com/a.png", "https://2130706433/"]}, "/refUrls/1"),
    ({"refUrls": ["https://example.com/a.png"] * 9}, "/refUrls"),
    ({"input": {"images": ["https://example.com/a.png", "https://[::1]/a.png"]}}, "/input/images/1"),
    ({"input": {"a/b": {"image": " HTTP://10.0.0.1/"}}}, "/input/a~1b/image"),
    ({"callbackUrl": "https://localhost/done"}, "/callbackUrl"),
    ({"callbackUrl": "https://user:secret@example.com/"}, "/callbackUrl"),
    ({"onPromptFailure": "x"}, "/onPromptFailure"),
    ({"priority": 11}, "/priority"),
    ({"deadlineSeconds": 29}, "/deadlineSeconds"),
    ({"deadlineSeconds": 604_801}, "/deadlineSeconds"),
    ({"generateTimeoutSeconds": 29}, "/generateTimeoutSeconds"),
    ({"metadata": {str(n): "" for n in range(17)}}, "/metadata"),
    ({"metadata": {"a": 1}}, "/metadata/a"),
]


async def test_every_wrong_field_is_pointed_at_and_nothing_is_stored(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    for fields, pointer in WRONG_FIELDS:
        body = {name: value for name, value in (PLAIN | fields).items() if value is not None}
        answer = await lonely_api.post("/api/jobs/create", json=body)
        problem = assert_problem(answer, 422, "invalid_request")
        assert [error["pointer"] for error in problem["errors"]] == [pointer], fields
        assert "secret" not in answer.text
    assert await nothing_stored(store)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/instructions"),
        ({"prompt": "x", "instruction": "y"}, "/instruction"),
        ({"prompt": "x", "priority": 0}, "/priority"),
        ({"targetUrl": "https://printer/a.png"}, "/targetUrl"),
        ({"refUrls": ["https://10.0.0.1/a.png"]}, "/refUrls/0"),
        ({"instructions": "x", "operation": "enhance"}, "/operation"),
        ({"prompt": "x", "metadata": {"": "x"}}, "/metadata//[key]"),
    ],
)
async def test_a_wrong_prompt_job_is_refused(
    lonely_api: httpx.AsyncClient, store: Store, body: dict[str, Any], pointer: str
) -> None:
    problem = assert_problem(await lonely_api.post("/api/prompt/queue", json=body), 422, "invalid_request")

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert await nothing_stored(store)


async def test_private_addresses_pass_where_the_installation_lets_them(lonely_settings: Settings) -> None:
    async with open_api(lonely_settings.model_copy(update={"allow_private_addresses": True})) as client:
        local = await client.post("/api/prompt/queue", json={"targetUrl": "http://127.0.0.1:3901/a.png"})
        public = await client.post("/api/prompt/queue", json={"targetUrl": "http://example.com/a.png"})

    assert local.status_code == 202
    assert_problem(public, 422, "invalid_request")


async def test_unknown_paths_and_methods_are_problems_too(lonely_api: httpx.AsyncClient) -> None:
    assert_problem(await lonely_api.get("/nowhere"), 404, "not_found")
    assert_problem(await lonely_api.get("/api/jobs/"), 404, "not_found")
    wrong_method = await lonely_api.put("/api/jobs")
    assert_problem(wrong_method, 405, "method_not_allowed")
    assert wrong_method.headers["allow"]


@pytest.mark.parametrize(
    ("damage", "status", "code"),
    [
        (
            "ALTER TABLE submissions RENAME COLUMN state TO gone; ALTER TABLE submissions ADD COLUMN state integer",
            500,
            "record_error",
        ),
        ("UPDATE jobs SET outputs = '{\"inside\": 1}'", 500, "internal_error"),
        ("DROP TABLE submissions CASCADE", 503, "record_unavailable"),
        ("ALTER TABLE submissions RENAME COLUMN prediction_id TO gone", 503, "record_unavailable"),
    ],
)
async def test_a_fault_of_ours_tells_nothing_of_the_inside(
    lonely_api: httpx.AsyncClient, database_url: str, damage: str, status: int, code: str
) -> None:
    job = await lonely_api.post("/api/jobs/create", json=PLAIN)
    connection = await asyncpg.connect(database_url)
    await connection.execute(damage)
    await connection.close()

    answer = await lonely_api.get(job.headers["location"])

    assert_problem(answer, status, code)
    for inside in ("submissions", "outputs", "inside", "Traceback", "SELECT", "relation", "gone"):
        assert inside not in answer.text
    assert (answer.headers.get("retry-after") is not None) == (status == 503)


async def test_while_postgres_is_away_the_answer_is_503(lonely_settings: Settings) -> None:
    away = SecretStr(f"postgresql://nobody:s3cret@127.0.0.1:{free_port()}/nothing")
    async with open_api(lonely_settings.model_copy(update={"database_url": away})) as client:
        answers = [
            await client.post("/api/jobs/create", json=PLAIN),
            await client.get("/api/jobs"),
            await client.get("/api/jobs/01900000-0000-7000-8000-000000000000"),
            await client.get("/api/prompt/queue"),
            await client.post("/api/dispatch"),
        ]
        alive, ready, metrics = [await client.get(path) for path in ("/healthz", "/readyz", "/metrics")]
        installation = await client.get("/api/init")

    for answer in answers:
        problem = assert_problem(answer, 503, "record_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "s3cret" not in str(problem)
    assert (alive.status_code, ready.status_code, metrics.status_code) == (200, 503, 200)
    assert ready.json() == {
        "ok": False,
        "postgres": False,
        "temporal": False,
        "problems": ["Postgres is not responding.", "Temporal is not responding."],
        "notes": [],
    }
    assert installation.status_code == 503
    assert any("DATABASE_URL" in problem for problem in installation.json()["problems"])
    assert "s3cret" not in installation.text


async def test_every_page_is_ours(lonely_api: httpx.AsyncClient) -> None:
    """A browser verifies that nothing is inline: tests/e2e/test_content_policy.py."""
    for path in ("/", "/docs", "/docs/errors", "/docs/errors/invalid_request"):
        page = await lonely_api.get(path)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        for wanted in addresses(page.text):
            if wanted.startswith("http"):
                assert wanted == "http://127.0.0.1:8233", "the Temporal Web UI is the one foreign address"
            elif not wanted.startswith("/api/init"):
                assert (await lonely_api.get(wanted)).status_code == 200, wanted


def addresses(page: str) -> list[str]:
    """Return what a page links to and loads."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # it is called with it
            found.extend(value for name, value in attrs if name in ("src", "href") and value)

    Reader().feed(page)
    return found


async def test_every_error_code_has_its_page(lonely_api: httpx.AsyncClient) -> None:
    for code, kind in PROBLEM_KINDS.items():
        page = await lonely_api.get(f"/docs/errors/{code}")
        assert page.status_code == 200
        assert code in page.text
        assert str(int(kind.status)) in page.text
    assert_problem(await lonely_api.get("/docs/errors/unheard_of"), 404, "not_found")


async def test_the_documentation_describes_failures_as_they_are(lonely_api: httpx.AsyncClient) -> None:
    document = (await lonely_api.get("/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    create = document["paths"]["/api/jobs/create"]["post"]
    assert {"202", "409", "413", "415", "422", "503"} <= set(create["responses"])
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                if status.startswith(("4", "default")):
                    assert set(content) == {"application/problem+json"}, (operation["operationId"], status)
    assert "useAiPrompt" in document["components"]["schemas"]["CreateJob"]["properties"]
    assert "Idempotency-Key" in [parameter["name"] for parameter in create["parameters"]]
