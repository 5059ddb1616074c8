"""Templates, tags and collections in the record: limits, what goes with a job, and the indexes that serve them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from promptmill.contracts.errors import RecordConflict, RecordError, RecordNotFound
from promptmill.contracts.store import JobFilter
from promptmill.store import job_lists
from promptmill.store.collections import LIST as COLLECTIONS
from promptmill.store.collections import OUTPUTS, OutputPlace
from promptmill.store.database import _numbered
from promptmill.store.migrations import downgrade
from promptmill.store.tags import LIST as TAGS
from promptmill.store.tags import OF_JOBS
from promptmill.store.templates import LIST as TEMPLATES
from promptmill.store.templates import NamedBody
from tests.fixtures.erased import ended_job
from tests.fixtures.plans import fill, plan_of
from tests.fixtures.record import OWNER, Record, new_id
from tests.support import eventually

MARKED = """
    INSERT INTO job_tags (job_id, tag, owner, job_created_at)
    SELECT id, tag, owner, created_at FROM jobs, unnest(ARRAY['sea', 'blue', 'night']) AS tag;
    INSERT INTO collections (id, owner, name, created_at, changed_at)
    SELECT gen_random_uuid(), o.name, n::text, now(), now() FROM owners AS o, generate_series(1, 20) AS n;
    INSERT INTO collection_outputs (collection_id, job_id, index, position, added_at)
    SELECT c.id, j.id, 0, row_number() OVER (PARTITION BY c.id), now()
    FROM jobs AS j, (SELECT id FROM collections LIMIT 3) AS c
"""
"""Three tags on each job, and each job's output in three collections of twenty."""
BODY = {"model": "vendor/name", "prompt": "a {{thing}}"}


async def order(record: Record, collection_id: UUID) -> list[tuple[UUID, int]]:
    found = await record.store.collections.outputs(collection_id, owner=OWNER, limit=100)
    return [(one.job_id, one.index) for one in found]


async def with_outputs(record: Record, number: int) -> UUID:
    job_id = await record.accept()
    await record.hand.execute(
        """UPDATE jobs SET outputs = (SELECT jsonb_agg(jsonb_build_object('index', n, 'kind', 'text', 'text', 'x'))
                                      FROM generate_series(0, $2 - 1) AS n) WHERE id = $1""",
        job_id,
        number,
    )
    return job_id


async def test_tags_are_added_and_removed_for_each_job_that_may_have_them(record: Record) -> None:
    mine, erased, theirs = await record.accept(), await ended_job(record), await record.accept(owner="team-b")
    full, tags = await record.accept(), record.store.tags
    await record.store.erasures.erase_job(erased)
    await tags.apply(OWNER, [full], add=[f"tag {n}" for n in range(20)])

    told = await tags.apply(OWNER, [mine, erased, theirs, full, mine], add=["sea", "blue"])

    found = {one.job_id: (one.tags, one.problem) for one in told}
    assert found == {
        mine: (["blue", "sea"], None),
        erased: (None, "erased"),
        theirs: (None, "not_found"),
        full: (None, "too_many"),
    }
    [again] = await tags.apply(OWNER, [mine], add=["red"], remove=["sea", "not there"])
    assert again.tags == ["blue", "red"]
    assert [tuple(tag) for tag in await tags.list(OWNER, limit=2)] == [("blue", 1), ("red", 1)]
    assert [tag.tag for tag in await tags.list(OWNER, limit=1, after="blue")] == ["red"]
    assert await tags.list("team-b", limit=5) == []


async def test_two_that_tag_a_job_at_once_never_give_it_more_than_it_may_have(record: Record) -> None:
    job_id = await record.accept()
    async with record.hand.transaction():
        words = [f"a {n}" for n in range(12)]
        await record.hand.fetch("SELECT FROM tag_jobs($1, $2, $3, '{}')", OWNER, [job_id], words)
        other = asyncio.create_task(record.store.tags.apply(OWNER, [job_id], add=[f"b {n}" for n in range(12)]))

        async def decided() -> bool:
            return other.done() or await record.waits_for_a_lock()

        await eventually(decided)
    [told] = await other

    assert told.problem == "too_many"


async def test_a_list_by_tag_goes_on_page_by_page(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_lists, "SEARCHED", 3)
    ids = [await record.accept(prompt=f"fox {n % 2}") for n in range(7)]
    await record.store.tags.apply(OWNER, ids, add=["sea"])
    await record.store.tags.apply(OWNER, ids[:1], add=["blue"])

    async def pages(**where: Any) -> list[UUID]:
        found: list[UUID] = []
        asked = JobFilter(tag="sea", limit=2, **where)
        while True:
            page = await record.store.jobs.list(OWNER, asked)
            found += [job.id for job in page]
            edge = await record.store.jobs.search_edge(OWNER, asked)
            if not edge and len(page) < asked.limit:
                return found
            last = (page[-1].created_at, page[-1].id) if len(page) == asked.limit or not edge else edge
            asked = asked.model_copy(update={"before": last})

    assert await pages() == ids[::-1]
    assert await pages(q="fox 1") == [ids[5], ids[3], ids[1]]
    assert await pages(statuses=("queued",)) == ids[::-1]
    assert await pages(statuses=("failed",)) == []
    assert [job.id for job in await record.store.jobs.list(OWNER, JobFilter(tag="blue"))] == ids[:1]
    assert await record.store.jobs.list("team-b", JobFilter(tag="sea")) == []


async def test_a_collection_keeps_its_order_and_each_output_once(record: Record) -> None:
    job_id, store = await with_outputs(record, 4), record.store.collections
    a, b, c, d = (OutputPlace(job_id, n) for n in range(4))
    sea = (await store.create(OWNER, "Sea")).id
    await store.update(sea, owner=OWNER, add=[c, a, c, b])
    await store.update(sea, owner=OWNER, add=[a, d])
    assert [index for _, index in await order(record, sea)] == [2, 0, 1, 3]

    await store.move(sea, [d, b], a, owner=OWNER)
    assert [index for _, index in await order(record, sea)] == [2, 3, 1, 0]
    await store.move(sea, [c], None, owner=OWNER)
    assert [index for _, index in await order(record, sea)] == [3, 1, 0, 2]
    await store.move(sea, [c, a], c, owner=OWNER)
    assert [index for _, index in await order(record, sea)] == [3, 1, 2, 0], "before one that moves, too"
    await store.update(sea, owner=OWNER, name="The sea", remove=[b])
    assert [(one.name, one.outputs) for one in await store.list(OWNER, limit=5)] == [("The sea", 3)]
    assert (await record.store.tags.of_jobs([job_id]))[job_id].collections == [sea]
    in_it = JobFilter(collection=sea)
    assert [job.id for job in await record.store.jobs.list(OWNER, in_it)] == [job_id]
    assert await record.store.jobs.list("team-b", in_it) == []
    await record.store.tags.apply(OWNER, [job_id, await record.accept()], add=["blue"])
    for tagged in (JobFilter(collection=sea, tag="blue"), JobFilter(collection=sea, tag="blue", q=str(job_id))):
        assert [job.id for job in await record.store.jobs.list(OWNER, tagged)] == [job_id]
    assert await record.store.jobs.list(OWNER, JobFilter(collection=new_id(), tag="blue")) == []


async def test_what_a_collection_may_not_have_is_refused_and_changes_nothing(record: Record) -> None:
    job_id, store = await with_outputs(record, 1), record.store.collections
    theirs = await record.accept(owner="team-b")
    sea = (await store.create(OWNER, "Sea")).id
    await store.create(OWNER, "Hills")
    there = OutputPlace(job_id, 0)

    async def refused(conflict: str, act: Any) -> None:
        with pytest.raises(RecordConflict) as found:
            await act
        assert found.value.conflict == conflict

    await refused("name_taken", store.create(OWNER, "Sea"))
    await refused("name_taken", store.update(sea, owner=OWNER, name="Hills", add=[there]))
    for missing in (OutputPlace(job_id, 1), OutputPlace(theirs, 0), OutputPlace(new_id(), 0)):
        await refused("no_such_output", store.update(sea, owner=OWNER, add=[there, missing]))
    await refused("no_such_output", store.move(sea, [there], there, owner=OWNER))
    for act in (
        store.update(sea, owner="team-b", name="Mine"),
        store.move(sea, [there], None, owner="team-b"),
        store.get(sea, owner="team-b"),
        store.delete(sea, owner="team-b"),
    ):
        with pytest.raises(RecordNotFound):
            await act
    assert await order(record, sea) == []
    await record.hand.execute(
        """INSERT INTO collection_outputs (collection_id, job_id, index, position)
           SELECT $1, $2, n, n FROM generate_series(1, 10000) AS n""",
        sea,
        job_id,
    )
    await refused("too_many", store.update(sea, owner=OWNER, add=[there]))


async def test_templates_are_stored_all_or_none_and_changed_only_as_they_were_read(record: Record) -> None:
    store = record.store.templates
    [one] = await store.save(OWNER, [NamedBody("one", BODY)])
    with pytest.raises(RecordConflict) as taken:
        await store.save(OWNER, [NamedBody("two", BODY), NamedBody("one", BODY)])
    assert (taken.value.conflict, len(await store.all(OWNER))) == ("name_taken", 1)

    both = await store.save(OWNER, [NamedBody("two", BODY), NamedBody("one", {**BODY, "priority": 9})], replace=True)
    assert {(each.name, each.version) for each in both} == {("one", 2), ("two", 1)}
    assert (await store.get(one.id, owner=OWNER)).body["priority"] == 9
    for version, name, conflict in ((1, "one", "template_changed"), (2, "two", "name_taken")):
        with pytest.raises(RecordConflict) as refused:
            await store.replace(one.id, NamedBody(name, BODY), version, owner=OWNER)
        assert refused.value.conflict == conflict
    assert (await store.replace(one.id, NamedBody("One", BODY), 2, owner=OWNER)).version == 3
    assert [each.name for each in await store.list(OWNER, limit=5, q="ON")] == ["One"]
    assert await store.list("team-b", limit=5) == []
    await record.hand.execute(
        "INSERT INTO templates (id, owner, name, body) SELECT gen_random_uuid(), $1, n::text, '{}' "
        "FROM generate_series(1, 998) AS n",
        OWNER,
    )
    with pytest.raises(RecordConflict) as full:
        await store.save(OWNER, [NamedBody("one too many", BODY)])
    assert full.value.conflict == "too_many"


async def test_what_is_kept_of_a_job_goes_with_its_words_and_with_its_row(record: Record) -> None:
    erased, expired = await ended_job(record), await ended_job(record)
    sea = (await record.store.collections.create(OWNER, "Sea")).id
    await record.store.collections.update(sea, owner=OWNER, add=[OutputPlace(erased, 0), OutputPlace(expired, 0)])
    await record.store.tags.apply(OWNER, [erased, expired], add=["sea"])
    await record.store.templates.save(OWNER, [NamedBody("one", BODY)])
    lines = [page async for page in record.store.export.pages(OWNER)]
    kinds = ("tag", "collectionOutput", "template", "collection")
    assert [sum(page.count(f'"kind" : "{kind}"') for page in lines) for kind in kinds] == [2, 2, 1, 1]

    await record.store.erasures.erase_job(erased)
    assert await order(record, sea) == [(expired, 0)]
    assert [tag.jobs for tag in await record.store.tags.list(OWNER, limit=5)] == [1]
    with pytest.raises(RecordConflict):
        await record.store.collections.update(sea, owner=OWNER, add=[OutputPlace(erased, 0)])
    with pytest.raises(RecordError, match="There are templates, tags or collections"):
        await downgrade(record.url, "0021")

    await record.hand.execute("DELETE FROM jobs WHERE id = $1", expired)
    assert await order(record, sea) == []
    assert await record.store.tags.list(OWNER, limit=5) == []


async def test_erasing_a_job_waits_for_whoever_puts_its_outputs_in_order(record: Record) -> None:
    job_id, store = await ended_job(record), record.store
    sea = (await store.collections.create(OWNER, "Sea")).id
    await store.collections.update(sea, owner=OWNER, add=[OutputPlace(job_id, 0)])
    async with record.hand.transaction():
        await record.hand.execute("SELECT FROM collections FOR UPDATE")  # as whoever moves, before what it moves
        erasing = asyncio.create_task(store.erasures.erase_job(job_id))

        async def decided() -> bool:
            return erasing.done() or await record.waits_for_a_lock()

        await eventually(decided)
        done = erasing.done()
    await erasing
    assert (done, await order(record, sea)) == (False, [])


async def test_two_that_make_collections_at_once_never_make_more_than_there_may_be(record: Record) -> None:
    await record.hand.execute(
        "INSERT INTO collections (id, owner, name) SELECT gen_random_uuid(), $1, n::text "
        "FROM generate_series(1, 999) AS n",
        OWNER,
    )
    async with record.hand.transaction():
        await record.hand.execute("SELECT FROM create_collection($1, $2, 'Sea')", OWNER, new_id())
        other = asyncio.create_task(record.store.collections.create(OWNER, "Hills"))

        async def decided() -> bool:
            return other.done() or await record.waits_for_a_lock()

        await eventually(decided)
    with pytest.raises(RecordConflict) as full:
        await other
    assert full.value.conflict == "too_many"


async def test_an_owners_erasure_takes_its_templates_and_collections(record: Record) -> None:
    await record.store.templates.save(OWNER, [NamedBody("one", BODY)])
    await record.store.collections.create(OWNER, "Sea")
    await record.hand.execute("INSERT INTO owners (name) VALUES ('team-b')")
    await record.store.collections.create("team-b", "Sea")
    await record.store.erasures.erase_owner(OWNER)
    await record.store.collections.create(OWNER, "Later")
    for _ in range(2):
        for owner in await record.store.erasures.owners():
            await record.store.erasures.erase_page(owner)

    assert await record.store.templates.all(OWNER) == []
    assert [one.name for one in await record.store.collections.list(OWNER, limit=5)] == ["Later"]
    assert [one.name for one in await record.store.collections.list("team-b", limit=5)] == ["Sea"]


async def test_lists_are_ranges_of_indexes(record: Record) -> None:
    values: dict[str, Any] = {
        "owner": f"'{OWNER}'", "limit": "50", "q": "NULL", "before_at": "now()", "before_id": f"'{new_id()}'",
        "id": f"'{new_id()}'", "after": "'1'", "ids": "ARRAY[gen_random_uuid()]",
    }  # fmt: skip
    wanted = {
        TEMPLATES: {"templates_changed_at_idx"},
        COLLECTIONS: {"collections_changed_at_idx", "collection_outputs_"},
        TAGS: {"job_tags_owner_idx"},
        OUTPUTS: {"collection_outputs_position_idx"},
        OF_JOBS: {"job_tags_pkey", "collection_outputs_job_id_idx"},
        job_lists._conditions(OWNER, JobFilter(tag="sea", q="x"))[0]: {"job_tags_owner_idx", "jobs_"},
        job_lists._conditions(OWNER, JobFilter(collection=new_id()))[0]: {"collection_outputs_", "jobs_"},
    }
    await fill(record.hand, 1000)
    await record.hand.execute(MARKED)
    await record.hand.execute("SET enable_seqscan = off; SET enable_sort = off")
    for query, indexes in wanted.items():
        text, names = _numbered(query if "SELECT" in query[:20] else f"SELECT id FROM jobs WHERE {query}")
        for number, name in reversed([*enumerate(names, 1)]):
            text = text.replace(f"${number}", values.get(name, f"'{new_id()}'"))
        plan = await plan_of(record.hand, text)
        assert "Seq Scan" not in plan, plan
        assert not (missing := {index for index in indexes if index not in plan}), (missing, plan)
