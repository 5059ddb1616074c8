import assert from "node:assert/strict";
import { test } from "node:test";

import { frozen, jobsOf, valuesFor } from "../../api/web/workspace/form/plan.js";
import { fieldOf } from "../../api/web/workspace/form/problems.js";
import { valuesOf } from "../../api/web/workspace/form/reuse.js";
import { sizesWithin } from "../../api/web/workspace/form/sizes.js";

const VALUES = { model: "a/one", alsoOn: [], allowUnknown: "", fields: {}, targetUrl: "", refUrls: [], prompt: "A fox", instructions: "", writer: "me", operation: "", ask: {}, onPromptFailure: "fail", priority: 5, runs: 1, rawInput: "", deadlineSeconds: "", maxPriceUsd: "", metadata: "", promptJob: null, generate: null };
const USUAL = { required: false, movesPrice: false, default: null, type: "text", choices: null, minimum: null, maximum: null };
const SEED = { ...USUAL, name: "seed", type: "integer", minimum: -1, maximum: 2147483647 };
const SIZE = { ...USUAL, name: "size" };
const STEPS = { ...USUAL, name: "steps", type: "integer", minimum: 1, maximum: 20 };
const MODE = { ...USUAL, name: "mode", choices: ["calm", "loud"] };

function models(known) {
	return { get: (path) => ({ model: path, picturesField: "images" }), fieldsOf: (path) => known[path] ?? [], isUnlisted: () => false };
}

const jobs = (changes, known = { "a/one": [SEED, SIZE] }) => jobsOf({ ...VALUES, ...changes }, models(known), { group: "g1", base: 100 });
const seeds = (found) => found.map(({ input }) => JSON.stringify(input?.seed));

test("one run is one job, in no group and with no seed of ours", () => {
	assert.deepEqual(jobs({}), [{ prompt: "A fox", priority: 5, model: "a/one" }]);
});

test("runs count seeds up from the given one, or from a drawn one, and are one group", () => {
	assert.deepEqual(seeds(jobs({ runs: 3, fields: { seed: "7" } })), ["7", "8", "9"]);
	assert.deepEqual(seeds(jobs({ runs: 2, fields: { seed: "-1" } })), ["100", "101"]);
	assert.deepEqual(seeds(jobs({ runs: 2, rawInput: '{"seed": 5}' })), ["5", "6"]);
	assert.deepEqual(jobs({ runs: 2, metadata: '{"campaign": "winter"}' }).map(({ metadata }) => metadata), Array(2).fill({ group: "g1", campaign: "winter" }));
	assert.equal(jobs({ runs: 99 }).length, 16);
});

test("seeds stay within the model's limits, and are never rounded", () => {
	assert.deepEqual(seeds(jobs({ runs: 3, fields: { seed: "2147483647" } })), ["2147483647", "2147483646", "2147483645"]);
	const wide = { "a/one": [{ ...SEED, maximum: null }] };
	const found = jobs({ runs: 2, fields: { seed: "9007199254740993" } }, wide);
	assert.deepEqual(seeds(found), ["9007199254740993", "9007199254740994"]);
	assert.deepEqual(seeds(frozen(found)), seeds(found));
});

test("a model without a seed gets none", () => {
	assert.deepEqual(jobs({ runs: 2 }, { "a/one": [SIZE] }).map(({ input }) => input), [undefined, undefined]);
});

test("the same prompt on several models is one job each, with the inputs that fit", () => {
	const known = { "a/one": [SEED, SIZE, STEPS, MODE], "b/two": [STEPS, { ...MODE, choices: ["calm"] }] };
	const changes = { alsoOn: ["b/two", "a/one"], fields: { size: "512*512", steps: "10", mode: "loud" }, rawInput: '{"odd": 1, "steps": 12}' };
	const [first, second, ...others] = jobs(changes, known);
	assert.deepEqual(others, []);
	assert.deepEqual([first.model, first.input], ["a/one", { size: "512*512", steps: 12, mode: "loud", odd: 1 }]);
	assert.deepEqual([second.model, second.input], ["b/two", { steps: 12 }]);
	assert.equal(second.metadata.group, "g1");
	assert.deepEqual(valuesFor({ ...VALUES, fields: { steps: "50" } }, "b/two", models(known)).fields, {});
});

test("an error of the API belongs to the field that it is about", () => {
	for (const [pointer, raw, id] of [
		["/input/size", {}, "field-size"],
		["/input/size", { size: "1*1" }, "rawInput"],
		["/input/images", {}, "pictures"],
		["/input", {}, "rawInput"],
		["/input/a~1b", null, "field-a/b"],
		["/refUrls/2", {}, "pictures"],
		["/targetUrl", {}, "pictures"],
		["/model", {}, "model"],
		["/deadlineSeconds", {}, "deadlineSeconds"],
		["", {}, null],
	]) {
		assert.equal(fieldOf(pointer, "images", raw), id, pointer);
	}
});

test("sizes by ratio are those that the model suggests, else ones within its limits", () => {
	assert.deepEqual(sizesWithin(["2048*2048", "1536*2048"], "", 1024, 4096).slice(0, 3), [
		{ ratio: "1:1", size: "2048*2048" },
		{ ratio: "4:3", size: "2368*1776" },
		{ ratio: "3:4", size: "1536*2048" },
	]);
	for (const [usual, least, most] of [
		["1024*1024", 256, 1536],
		["2048*2048", 1024, 4096],
		["512*512", 512, 768],
		["", null, null],
	]) {
		const found = sizesWithin([], usual, least, most);
		assert.ok(found.length > 0);
		for (const { ratio, size } of found) {
			const sides = size.split("*").map(Number);
			const [wide, high] = ratio.split(":").map(Number);
			assert.ok(sides.every((side) => side % 16 === 0 && side >= (least ?? 0) && side <= (most ?? 8192)), `${size} of ${usual}`);
			assert.ok(Math.abs(sides[0] / sides[1] / (wide / high) - 1) < 0.04, `${size} is ${ratio}`);
		}
	}
});

test("a job is repeated with its price limit, or with none", () => {
	const job = { model: "a/one", refUrls: [], input: {}, metadata: {} };
	const limits = [0.000001, 2.5, null, undefined].map((maxPriceUsd) => valuesOf({ ...job, maxPriceUsd }, models({})).maxPriceUsd);
	assert.deepEqual(limits, ["0.000001", "2.5", "", ""]);
});

test("a job's inputs go back into their fields, and what has none into the raw input", () => {
	const job = { model: "a/one", prompt: "A fox", originalPrompt: null, instructions: null, priority: 3, targetUrl: null, refUrls: [], metadata: { group: "0123456789ab", campaign: "winter" }, input: { images: ["https://a/1", "https://a/2"], steps: 10, mode: "odd", size: " 1 ", extra: [1] } };
	const found = valuesOf(job, models({ "a/one": [STEPS, MODE, SIZE] }));
	assert.deepEqual(found.fields, { steps: "10" });
	assert.deepEqual(JSON.parse(found.rawInput), { mode: "odd", size: " 1 ", extra: [1] });
	assert.deepEqual([found.targetUrl, found.refUrls], ["https://a/2", ["https://a/1"]]);
	assert.deepEqual(JSON.parse(found.metadata), { campaign: "winter" }, "another attempt is another group");
});
