import assert from "node:assert/strict";
import { test } from "node:test";

import { JobBook } from "../../api/web/workspace/jobs/job_book.js";

const job = (jobId, status, more = {}) => ({ jobId, status, createdAt: `2020-01-01T00:00:0${jobId}Z`, metadata: {}, prompt: null, originalPrompt: null, promptJobId: null, predictionId: null, ...more });

function bookOf(...pages) {
	const asked = [];
	const get = async (_path, { query }) => {
		asked.push(query.toString());
		return pages.shift();
	};
	return { book: new JobBook({ get }), asked };
}

const ids = (book) => book.shown().map(({ jobId }) => jobId);

test("jobs are shown newest first, as the filter says", () => {
	const { book } = bookOf();
	book.put(job("1", "queued"));
	book.put(job("2", "completed"));
	book.put(job("3", "dispatching", { metadata: { campaign: "Winter" } }));
	assert.deepEqual(ids(book), ["3", "2", "1"]);
	book.filter = { ...book.filter, group: "waiting" };
	assert.deepEqual(ids(book), ["3", "1"]);
	book.filter = { ...book.filter, search: "winter" };
	assert.deepEqual(ids(book), ["3"]);
});

test("an older answer never replaces the end of a job, and the same answer is no change", () => {
	const { book } = bookOf();
	const changes = [];
	book.listen("change", ({ job: { status }, before }) => changes.push([before?.status, status]));
	book.put(job("1", "generating"));
	book.put(job("1", "generating"));
	book.put(job("1", "completed"));
	book.put(job("1", "generating"));
	assert.deepEqual(changes, [[undefined, "generating"], ["generating", "completed"]]);
});

test("what the record has deleted is forgotten, but not what is older than the page or only just made", async () => {
	const { book } = bookOf({ items: [job("5", "queued"), job("3", "queued")], nextCursor: "more" });
	for (const id of ["2", "4", "5"]) book.put(job(id, "queued"));
	book.put(job("6", "queued", { createdAt: new Date().toISOString() }));
	await book.reread();
	assert.deepEqual(ids(book), ["6", "5", "3", "2"]);
});

test("an answer to a question that was asked before another is passed over", async () => {
	let answer;
	const pages = [new Promise((resolve) => (answer = resolve)), { items: [job("2", "failed")], nextCursor: null }];
	const { book } = bookOf(...pages);
	const first = book.reread();
	await book.select({ group: "failed" });
	answer({ items: [job("9", "failed")], nextCursor: "stale" });
	await first;
	assert.deepEqual(ids(book), ["2"]);
	assert.equal(book.cursor, null);
});

test("all that a filter shows is read page by page, up to a limit", async () => {
	const { book, asked } = bookOf({ items: [job("1", "failed"), job("2", "failed")], nextCursor: "c" }, { items: [job("3", "failed"), job("4", "failed")], nextCursor: "d" });
	book.filter = { ...book.filter, group: "failed" };
	const found = await book.readAll(({ jobId }) => jobId !== "1", 2);
	assert.deepEqual(found.map(({ jobId }) => jobId), ["2", "3"]);
	assert.deepEqual(asked, ["status=failed&status=expired&status=terminated&limit=200", "status=failed&status=expired&status=terminated&limit=200&cursor=c"]);
});

test("many changes at once are one new list", async () => {
	const { book } = bookOf();
	let lists = 0;
	book.listen("list", () => (lists += 1));
	book.put(job("1", "queued"));
	book.put(job("2", "queued"));
	await Promise.resolve();
	assert.equal(lists, 1);
});

test("an answer is passed over if the stream was quicker", async () => {
	const pages = [];
	const book = new JobBook({ get: async () => pages.shift() });
	book.hear(job("1", "generating"));
	book.add(job("1", "queued"));
	book.add(job("2", "queued"));
	assert.deepEqual(book.shown().map(({ status }) => status), ["queued", "generating"]);

	for (const ask of [() => book.reread(), () => book.readOlder(), () => book.refresh("2")]) {
		book.put(job("2", "queued"));
		let answer;
		pages.push(new Promise((resolve) => (answer = resolve)));
		const asking = ask();
		book.hear(job("2", "generating"));
		answer({ ...job("2", "queued"), items: [job("1", "dispatching"), job("2", "queued")], nextCursor: null });
		await asking;
		assert.equal(book.get("2").status, "generating");
	}
	assert.equal(book.get("1").status, "dispatching");
});
