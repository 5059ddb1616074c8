import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, filterIn, fits, isOn, NO_FILTER, queryOf, withModel } from "../../api/web/workspace/jobs/filter.js";
import { chipsOf, wordsOf } from "../../api/web/workspace/jobs/filter_words.js";

const job = (more = {}) => ({
	jobId: "0199-a", status: "completed", createdAt: "2026-03-10T12:00:00Z", metadata: {}, prompt: "A red fox", originalPrompt: null, instructions: null,
	promptJobId: null, predictionId: null, model: "acme/paint", kind: "image", kept: null, mediaCostUsd: 0.02, tags: [], collections: [], ...more,
});
const filter = (more) => ({ ...NO_FILTER, ...more });
const ALL_ON = filter({ search: "fox & 100%", group: "done", models: ["acme/paint", "acme/film/fast"], kind: "video", from: "2026-03-01", to: "2026-03-31", liked: true, least: "0.01", most: "2", runs: "g-1", tag: "wide view", collection: "01890000-0000-7000-8000-000000000000" });

test("each part of a filter is judged as the API judges it", () => {
	const fit = (more, of) => fits(filter(more))(job(of));
	assert.ok(fit({}, {}));
	for (const [part, of] of [["RED", {}], ["acme/pa", {}], ["calm", { instructions: "Calm mood" }], ["winter", { metadata: { campaign: "Winter" } }], ["99-A", {}]]) assert.ok(fit({ search: part }, of), part);
	assert.ok(!fit({ search: "owl" }, {}));
	assert.ok(fit({ group: "done" }, {}) && !fit({ group: "failed" }, {}));
	assert.ok(fit({ models: ["a/b", "acme/paint"] }, {}) && !fit({ models: ["a/b"] }, {}));
	assert.ok(fit({ kind: "image" }, {}) && !fit({ kind: "video" }, {}));
	assert.ok(fit({ liked: true }, { kept: true }) && !fit({ liked: true }, { kept: false }) && !fit({ liked: true }, {}));
	assert.ok(fit({ least: "0.02", most: "0.02" }, {}) && !fit({ least: "0.03" }, {}) && !fit({ most: "0.01" }, {}));
	assert.ok(!fit({ least: "0" }, { mediaCostUsd: null }), "what is not known is in no range");
	assert.ok(fit({ runs: "g-1" }, { metadata: { group: "g-1" } }) && !fit({ runs: "g-1" }, {}));
	assert.ok(fit({ tag: "sea" }, { tags: ["blue", "sea"] }) && !fit({ tag: "sea" }, { tags: ["seaside"] }));
	assert.ok(fit({ collection: "c-1" }, { collections: ["c-1"] }) && !fit({ collection: "c-1" }, {}));
	assert.ok(!fit({ liked: true, kind: "image" }, {}), "every part has to fit");
});

test("a day is the reader's own, from its first moment to its last", () => {
	const at = (...time) => job({ createdAt: new Date(...time).toISOString() });
	const day = fits(filter({ from: "2026-03-10", to: "2026-03-10" }));
	assert.deepEqual([at(2026, 2, 9, 23, 59, 59), at(2026, 2, 10, 0, 0, 1), at(2026, 2, 10, 23, 59, 59), at(2026, 2, 11, 0, 0, 1)].map(day), [false, true, true, false]);
	const query = queryOf(filter({ from: "2026-03-10", to: "2026-03-10" }));
	assert.deepEqual([...query.values()], [new Date(2026, 2, 10), new Date(2026, 2, 11)].map((time) => time.toISOString()));
});

test("a filter comes back from the address as it was, beside what else stands there", () => {
	const address = addressOf(ALL_ON, "?owner=team-b&q=old");
	assert.equal(new URLSearchParams(address).get("owner"), "team-b");
	assert.deepEqual(filterIn(address), ALL_ON);
	assert.equal(addressOf(NO_FILTER, address), "?owner=team-b");
	assert.equal(addressOf(NO_FILTER, "?q=x"), "");
});

test("what the API would refuse is not taken from an address", () => {
	const found = filterIn("?status=nope&model=x&model=<b>&kind=constructor&from=2026-3-1&to=yesterday&liked=1&least=-1&most=1e3");
	assert.deepEqual(found, NO_FILTER);
	assert.ok(!isOn(found));
	assert.equal(filterIn("?tag=a,b&collection=x").tag, "");
	assert.equal(filterIn("?tag=%20Wide%20%20View").tag, "wide view");
	assert.equal(filterIn(`?q=${"x".repeat(500)}`).search.length, 200);
	assert.equal(filterIn(`?${Array.from({ length: 60 }, (_, n) => `model=a/b${n}`).join("&")}`).models.length, 50);
});

test("the API is asked for what is on", () => {
	assert.equal(queryOf(NO_FILTER).toString(), "");
	const query = queryOf(ALL_ON);
	assert.deepEqual(query.getAll("model"), ALL_ON.models);
	assert.deepEqual(["q", "status", "kind", "liked", "minCostUsd", "maxCostUsd", "group", "tag", "collection"].map((name) => query.get(name)), ["fox & 100%", "completed", "video", "true", "0.01", "2", "g-1", "wide view", ALL_ON.collection]);
});

test("each chip takes away what it names", () => {
	const chips = chipsOf(ALL_ON);
	assert.deepEqual(chips.map(({ words }) => words), ["“fox & 100%”", "Done", "acme/paint", "acme/film/fast", "Videos", "From 2026-03-01", "Until 2026-03-31", "Liked", "At least $0.01", "At most $2", "One group of runs", "Tag: wide view", "Collection: Collection"]);
	assert.deepEqual(chips[2].without.models, ["acme/film/fast"]);
	assert.equal(chips[7].without.liked, false);
	assert.deepEqual(chipsOf(NO_FILTER), []);
	assert.equal(wordsOf(NO_FILTER), "All");
});

test("a model is added once, if it can be one", () => {
	assert.deepEqual(withModel(NO_FILTER, "acme/paint")?.models, ["acme/paint"]);
	for (const wrong of ["paint", "", "a b/c"]) assert.equal(withModel(NO_FILTER, wrong), null);
	assert.equal(withModel(filter({ models: ["acme/paint"] }), "acme/paint"), null);
});
