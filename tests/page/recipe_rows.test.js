import assert from "node:assert/strict";
import { test } from "node:test";

import { recipeGroups } from "../../api/web/workspace/panel/recipe_rows.js";

const TARGET = "https://a.example/target.png";
const REFERENCE = "https://a.example/reference.png";

function job(more = {}) {
	return {
		jobId: "1", model: "vendor/edit", kind: "image", prompt: "A fox, at dusk", originalPrompt: "A fox", instructions: "calm", promptSource: "grok", targetUrl: TARGET, refUrls: [REFERENCE],
		input: { images: [REFERENCE, TARGET], seed: 7, size: "512*512", loras: [{ path: "x", scale: 1 }] }, outputs: [], priority: 5, metadata: { campaign: "winter" },
		mediaCostUsd: 0.012, mediaCostSource: "quoted", mediaListPriceUsd: null, promptCostUsd: null, promptJobId: null, billed: "yes", paidText: "Charged so far: WaveSpeed $0.012.", maxPriceUsd: null,
		createdAt: "2026-01-01T00:00:00Z", completedAt: "2026-01-01T00:00:09Z", dispatchedAt: null, deadlineAt: "2026-01-02T00:00:00Z", predictionId: null, retryOf: null, providerMode: "real", ...more,
	};
}

const form = { model: "vendor/edit", fields: { strength: "0.5" }, rawInput: "", metadata: '{"group": "a"}', prompt: "", targetUrl: "", refUrls: [] };
const knowing = (...names) => ({ get: () => undefined, fieldsOf: () => names.map((name) => ({ name })) });
const rowsOf = (...asked) => Object.fromEntries(recipeGroups(...asked).flatMap(({ rows }) => rows.map((row) => [row.id, row])));

test("everything that made an output has a row, and what is not known has none", () => {
	const rows = rowsOf(job(), 0, { items: [], stages: [{ stage: "generating", seconds: 3.2, open: false }] });
	const texts = Object.entries({ prompt: "A fox, at dusk", originalPrompt: "A fox", instructions: "calm", model: "vendor/edit", "input.size": "512*512", "input.seed": "7", "input.loras": '[{"path":"x","scale":1}]', Generating: "3.2 s", Took: "9 s", Charged: "WaveSpeed $0.012." });
	assert.deepEqual(texts.map(([id]) => [id, rows[id]?.text]), texts);
	assert.equal(rows.pictures.text, `${REFERENCE}\n${TARGET}`);
	for (const id of ["input.images", "Prediction", "List price", "made"]) assert.equal(rows[id], undefined);
});

test("a seed that nobody gave is told as random, where the model takes one", () => {
	assert.match(rowsOf(job({ input: {} }), 0, null, { seed: true })["input.seed"].text, /^random/);
	assert.equal(rowsOf(job({ input: {} }), 0, null, { seed: false })["input.seed"], undefined);
	assert.match(rowsOf(job({ input: { seed: -1 } }), 0, null)["input.seed"].text, /^random/);
});

test("an input is called what the form calls it, and otherwise by its name in words", () => {
	const fields = [{ name: "num_images", title: "Images" }, { name: "seed", title: "Random seed" }];
	const rows = rowsOf(job({ input: { num_images: 2, face_url: "https://a.example/face.png", seed: -1 } }), 0, null, { fields });
	assert.deepEqual([rows["input.num_images"].name, rows["input.face_url"].name, rows["input.seed"].name], ["Images", "Face URL", "Random seed"]);
	assert.equal(rowsOf(job({ input: { num_images: 2 } }), 0, null)["input.num_images"].name, "Num images");
});

test("each row fills its own field of the form and no other", () => {
	const rows = rowsOf(job(), 0, null);
	assert.deepEqual(rows["input.seed"].use(form, knowing("seed")), { fields: { strength: "0.5", seed: "7" }, rawInput: "" });
	assert.deepEqual(rows.prompt.use(form, knowing()), { prompt: "A fox, at dusk", promptJob: null, writer: "me" });
	assert.deepEqual(rows.pictures.use(form, knowing()), { targetUrl: TARGET, refUrls: [REFERENCE] });
	assert.deepEqual(rows.model.use({ ...form, model: "other/model" }, knowing()), { model: "vendor/edit", fields: {} });
	assert.deepEqual(rows.model.use(form, knowing()), { model: "vendor/edit", fields: form.fields });
	assert.deepEqual(JSON.parse(rows["metadata.campaign"].use(form, knowing()).metadata), { group: "a", campaign: "winter" });
	assert.equal(rows.Charged.use, undefined);
});

test("an input that the form's model does not have goes into the raw input", () => {
	const rows = rowsOf(job(), 0, null);
	const used = rows["input.seed"].use({ ...form, rawInput: '{"a": 1}' }, knowing("size"));
	assert.deepEqual(JSON.parse(used.rawInput), { a: 1, seed: 7 });
	assert.equal(used.fields, undefined);
	const moved = rows["input.seed"].use({ ...form, rawInput: '{"seed": 3}' }, knowing("seed"));
	assert.deepEqual(moved, { fields: { strength: "0.5", seed: "7" }, rawInput: "" });
});
