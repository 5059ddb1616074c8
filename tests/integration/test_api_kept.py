"""Templates, tags and collections over HTTP."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from uuid import UUID

import httpx
import pytest

from promptmill.config.settings import Settings
from promptmill.contracts.jobs import JobChange, JobStatus, MediaKind, Output
from promptmill.outputs.naming import recipe_path
from promptmill.store import Store, collections, templates
from promptmill.store.collections import MOST_OUTPUTS
from tests.fixtures.api import open_api
from tests.fixtures.mill import new_job

BODY = {
    "model": "vendor/name",
    "prompt": "a {{thing}} by {{ where }}",
    "input": {"style": ["{{style}}"], "seed": 7},
    "maxPriceUsd": 0.05,
}


async def with_outputs(store: Store, settings: Settings, number: int = 1) -> UUID:
    job_id = (await store.jobs.accept(new_job(settings)))[0].id
    await store.jobs.begin(job_id)
    outputs = tuple(Output(index=n, kind=MediaKind.IMAGE, url=f"https://example.com/{n}.png") for n in range(number))
    await store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.FAILED, outputs=outputs))
    return job_id


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.status_code in {409, 422}, answer.text
    return [error["pointer"] for error in answer.json().get("errors", [])]


async def test_a_template_is_stored_filled_changed_and_deleted(lonely_api: httpx.AsyncClient) -> None:
    made = await lonely_api.post("/api/templates", json={"name": "  Sea \n views ", "body": BODY})
    assert made.status_code == 201, made.text
    template = made.json()
    path = f"/api/templates/{template['templateId']}"
    assert (template["name"], template["words"]) == ("Sea views", ["thing", "where", "style"])
    assert template["body"] == BODY, "as it was given"

    words = {"thing": "fox {{where}}", "where": "the sea", "style": "ink"}
    filled = await lonely_api.post(f"{path}/fill", json={"words": words})
    assert filled.json() == BODY | {"prompt": "a fox {{where}} by the sea", "input": {"style": ["ink"], "seed": 7}}
    assert (await lonely_api.post("/api/jobs/create", json=filled.json() | {"allowUnknownModel": True})).is_success
    lacking = await lonely_api.post(f"{path}/fill", json={"words": {"thing": "fox", "were": "sea"}})
    assert pointers(lacking) == ["/words/where", "/words/style", "/words/were"]
    assert "thing, where, style" in lacking.text
    too_long = await lonely_api.post(f"{path}/fill", json={"words": words | {"thing": "x" * 9_999}})
    assert pointers(too_long) == ["/words"]
    assert "/prompt of the filled template" in too_long.text

    many = {"name": "many", "body": BODY | {"input": {"text": "{{a}}" * 12_000}, "prompt": "x"}}
    wide = (await lonely_api.post("/api/templates", json=many)).json()["templateId"]
    swollen = await lonely_api.post(f"/api/templates/{wide}/fill", json={"words": {"a": "x" * 9_999}})
    assert (pointers(swollen), "more than" in swollen.text) == (["/words"], True)

    words = {f"w{n}": "x" for n in range(1_100)}
    text = "".join(f"{{{{{word}}}}}" for word in words)
    lines = {"name": "lines", "body": BODY | {"prompt": "x", "input": {"text": text}}}
    wordy = (await lonely_api.post("/api/templates", json=lines)).json()["templateId"]
    filled = await lonely_api.post(f"/api/templates/{wordy}/fill", json={"words": words})
    assert filled.json()["input"]["text"] == "x" * 1_100, "whatever is stored can be filled"

    change = {"name": "Views", "body": BODY | {"prompt": "hills"}, "version": 1}
    changed = await lonely_api.put(path, json=change)
    assert (changed.json()["version"], changed.json()["words"]) == (2, ["style"])
    again = await lonely_api.put(path, json=change)
    assert (again.status_code, again.json()["code"]) == (409, "template_changed")
    assert (await lonely_api.delete(path)).status_code == 204
    gone = await lonely_api.get(path)
    assert (gone.status_code, "job" in gone.json()["detail"]) == (404, False), "it was none"


@pytest.mark.parametrize(
    ("template", "pointer"),
    [
        ({"name": " ", "body": BODY}, "/name"),
        ({"name": "x" * 101, "body": BODY}, "/name"),
        ({"name": "a\u2066b", "body": BODY}, "/name"),
        ({"name": "a", "body": {"model": "vendor/name"}}, "/body/prompt"),
        ({"name": "a", "body": BODY | {"prompt_": "a"}}, "/body/prompt_"),
        ({"name": "a", "body": BODY | {"promptJobId": "01890000-0000-7000-8000-000000000000"}}, "/body/promptJobId"),
        ({"name": "a"}, "/body"),
    ],
)
async def test_a_template_that_no_job_could_be_made_from_is_refused_at_its_field(
    lonely_api: httpx.AsyncClient, template: dict[str, Any], pointer: str
) -> None:
    assert pointers(await lonely_api.post("/api/templates", json=template)) == [pointer]


async def test_exported_templates_are_imported_all_or_none(lonely_api: httpx.AsyncClient) -> None:
    for name in ("one", "two", "three"):
        await lonely_api.post("/api/templates", json={"name": name, "body": BODY})
    exported = await lonely_api.get("/api/templates/export")
    assert "attachment" in exported.headers["Content-Disposition"]
    document = exported.json()
    assert [one["name"] for one in document["templates"]] == ["one", "three", "two"]
    first = await lonely_api.get("/api/templates?limit=2")
    last = await lonely_api.get(f"/api/templates?limit=2&cursor={first.json()['nextCursor']}")
    assert [one["name"] for page in (first, last) for one in page.json()["items"]] == ["three", "two", "one"]
    assert last.json()["nextCursor"] is None
    for kind, most in (("templates", templates.MOST), ("collections", collections.MOST)):
        assert (await lonely_api.get(f"/api/{kind}?limit={most}")).json()["nextCursor"] is None, "one page shows all"

    document["templates"].append({"name": "four", "body": BODY})
    taken = await lonely_api.post("/api/templates/import", json=document)
    assert (taken.json()["code"], pointers(taken)) == ("name_taken", [f"/templates/{n}/name" for n in range(3)])
    alone = await lonely_api.post("/api/templates/import", json=document | {"templates": document["templates"][:1]})
    assert pointers(alone) == ["/templates/0/name"]
    kept = (await lonely_api.get("/api/templates")).json()["items"]
    assert len(kept) == 3
    change = {"name": kept[1]["name"], "body": BODY, "version": kept[0]["version"]}
    renamed = await lonely_api.put(f"/api/templates/{kept[0]['templateId']}", json=change)
    assert (renamed.json()["code"], pointers(renamed)) == ("name_taken", ["/name"])
    replaced = await lonely_api.post("/api/templates/import?replace=true", json=document)
    assert replaced.json() == {"stored": 4, "replaced": 3}
    twice = document | {"templates": [{"name": "five", "body": BODY}, {"name": " five", "body": BODY}]}
    assert pointers(await lonely_api.post("/api/templates/import", json=twice)) == ["/templates/1/name"]
    unclear = await lonely_api.post("/api/templates/import?replace=yes", json=document)
    assert pointers(unclear) == ["/query/replace"]
    foreign = await lonely_api.post("/api/templates/import", json=document | {"version": 2})
    assert pointers(foreign) == ["/version"]


async def test_whatever_is_exported_can_be_imported(lonely_api: httpx.AsyncClient) -> None:
    letters = ("x" * 20 + '\U0001f98a\n"\\') * 400
    wide = {"model": "vendor/name", "prompt": "x", "input": {"text": [letters] * 4, "low": 1e-300, "high": 1e300}}
    small = (await lonely_api.post("/api/templates", json={"name": "small", "body": BODY})).json()["templateId"]
    stored, step = 1, 32
    while step:
        names = [f'"wide" {n}' for n in range(stored, stored + step)]
        document = {"format": "promptmill-templates", "version": 1}
        given = document | {"templates": [{"name": name, "body": wide} for name in names]}
        answer = await lonely_api.post("/api/templates/import", json=given)
        if answer.is_success:
            stored += step
        else:
            assert (answer.json()["code"], "4 MB" in answer.json()["detail"]) == ("too_many", True)
            step //= 2
    assert stored > 64, "longer than other bodies may be"
    grown = await lonely_api.put(f"/api/templates/{small}", json={"name": "small", "body": wide, "version": 1})
    assert grown.json()["code"] == "too_many"

    exported = await lonely_api.get("/api/templates/export")
    again = await lonely_api.post(
        "/api/templates/import?replace=true",
        content=exported.content,
        headers={"Content-Type": "application/json"},
    )
    assert again.json() == {"stored": stored, "replaced": stored}
    assert (await lonely_api.get("/api/templates/export")).json() == exported.json()


async def test_tags_are_on_jobs_in_lists_and_filter_them(
    lonely_api: httpx.AsyncClient, store: Store, lonely_settings: Settings
) -> None:
    one, other = [await with_outputs(store, lonely_settings) for _ in range(2)]
    path = f"/api/jobs/{one}/tags"

    tagged = await lonely_api.patch(path, json={"add": [" Blue   Sea ", "blue sea", "fu\u0308r/dich?"]})
    assert tagged.json()["tags"] == ["blue sea", "für/dich?"]
    missing = "01890000-0000-7000-8000-000000000000"
    many = {"jobIds": [str(one), str(other), missing], "add": ["sea"], "remove": ["blue sea"]}
    told = (await lonely_api.post("/api/tags", json=many)).json()
    assert {job["jobId"]: job["tags"] for job in told["items"]} == {str(one): ["für/dich?", "sea"], str(other): ["sea"]}
    assert told["refused"] == [{"jobId": missing, "reason": "not_found"}]
    tags = await lonely_api.get("/api/tags?limit=1")
    assert tags.json()["nextAfter"] == tags.json()["items"][0]["tag"]
    assert {"tag": "sea", "jobs": 2} in (await lonely_api.get("/api/tags")).json()["items"]
    found = await lonely_api.get("/api/jobs", params={"tag": "Für/dich?"})
    assert [(job["jobId"], job["tags"]) for job in found.json()["items"]] == [(str(one), ["für/dich?", "sea"])]

    for path_of_list, name in (("templates", "q"), ("collections", "q"), ("tags", "after"), ("jobs", "tag")):
        found = await lonely_api.get(f"/api/{path_of_list}", params={name: "a\0b"})
        assert pointers(found) == [f"/query/{name}"]

    for body, pointer in (
        ({"add": ["a,b"]}, "/add/0"),
        ({"add": ["x" * 41]}, "/add/0"),
        ({"add": ["\u0130" * 21]}, "/add/0"),  # two characters each in lower case
        ({"add": ["a\u202eb"]}, "/add/0"),
        ({"remove": ["\u200b"]}, "/remove/0"),
        ({}, "/add"),
        ({"add": ["a"], "remove": ["A"]}, "/remove"),
    ):
        assert pointers(await lonely_api.patch(path, json=body)) == [pointer], body
    await lonely_api.patch(path, json={"add": [f"t{n}" for n in range(18)]})
    full = await lonely_api.patch(path, json={"add": ["another"]})
    assert (full.json()["code"], pointers(full)) == ("too_many", ["/add"])


async def test_a_collection_is_filled_ordered_and_downloaded(
    lonely_settings: Settings, store: Store, tmp_path: Any
) -> None:
    settings = lonely_settings.model_copy(update={"outputs": str(tmp_path)})
    async with open_api(settings) as api:
        job_id = await with_outputs(store, lonely_settings, 3)
        places = [{"jobId": str(job_id), "index": n} for n in range(3)]
        made = await api.post("/api/collections", json={"name": "Sea"})
        assert made.status_code == 201, made.text
        path = f"/api/collections/{made.json()['collectionId']}"
        assert (await api.patch(path, json={"add": places})).json()["outputs"] == 3
        moved = await api.post(f"{path}/order", json={"outputs": [places[2]], "before": places[0]})
        assert moved.status_code == 200, moved.text
        first = (await api.get(f"{path}/outputs?limit=2")).json()
        last = (await api.get(f"{path}/outputs?limit=2&cursor={first['nextCursor']}")).json()
        assert [one["index"] for one in (*first["items"], *last["items"])] == [2, 0, 1]
        assert last["nextCursor"] is None
        assert len((await api.get(f"{path}/outputs?limit={MOST_OUTPUTS}")).json()["items"]) == 3
        listed = (await api.get("/api/jobs", params={"collection": made.json()["collectionId"]})).json()["items"]
        assert [(job["jobId"], job["collections"]) for job in listed] == [
            (str(job_id), [path.rsplit("/", maxsplit=1)[-1]])
        ]
        nowhere = await api.patch(path, json={"add": [{"jobId": str(job_id), "index": 3}]})
        assert (nowhere.status_code, nowhere.json()["code"]) == (409, "no_such_output")
        assert "output 3" in nowhere.json()["detail"]
        assert pointers(await api.patch(path, json={"name": None})) == [""]
        assert (await api.get(f"{path}/archive")).json()["code"] == "not_stored"

        await store.outputs.plan(stored=True)
        file = "2026-03-01/vendor_name/fox-0.png"
        await store.outputs.database.run(
            "INSERT INTO stored_outputs (job_id, index, expires_at, state, path) "
            "VALUES (:id, 2, now(), 'stored', :path)",
            id=job_id,
            path=file,
        )
        for name in (file, recipe_path(file)):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"picture")
        archive = await api.get(f"{path}/archive")
        assert zipfile.ZipFile(io.BytesIO(archive.content)).namelist() == [file, recipe_path(file)]
        assert (await api.delete(path)).status_code == 204
        assert (await api.get(path)).status_code == 404
        assert (await api.get(f"/api/jobs/{job_id}")).json()["collections"] == []
