import assert from "node:assert/strict";
import { test } from "node:test";

import { added, changesFor, modelFor, waysOn } from "../../api/web/workspace/continue/plans.js";

const model = (path, kind, picturesField, more = {}) => ({ model: path, label: path, kind, picturesField, ...more });
const MODELS = [
	model("vendor/draw", "image", null),
	model("vendor/other-edit", "image", "images"),
	model("vendor/draw/edit", "image", "images"),
	model("vendor/film/image-to-video", "video", "image"),
	model("vendor/film/text-to-video", "video", null),
	model("tools/image-upscaler", "image", "image"),
	model("tools/video-upscaler", "video", "image"),
];
const job = { jobId: "1", model: "vendor/draw", prompt: "A fox", originalPrompt: "A fox", instructions: null, input: { seed: 7, size: "1*1" }, targetUrl: null, refUrls: [], priority: 5, metadata: {}, outputs: [{ index: 0, kind: "image" }], eraseRequestedAt: null };
const form = { model: "vendor/draw", fields: { size: "2*2" }, rawInput: "", targetUrl: "", refUrls: [], prompt: "mine", instructions: "", writer: "me", priority: 9, promptJob: null };
const models = { get: () => undefined, fieldsOf: () => [] };

const names = (...asked) => waysOn(...asked).map(({ relation }) => relation);

test("what can be done depends on what there is", () => {
	assert.deepEqual(names(job, { kind: "image" }), ["edit", "animate", "upscale", "reference", "variation", "retry"]);
	assert.deepEqual(names(job, { kind: "video" }), ["variation", "retry"]);
	assert.deepEqual(names(job, undefined), ["retry"]);
	assert.deepEqual(names({ ...job, eraseRequestedAt: "2026-01-01T00:00:00Z" }, { kind: "image" }), []);
});

test("the nearest relative that can do it is chosen, unless another was preferred", () => {
	const chosen = (relation, ...preferred) => modelFor(MODELS, relation, "vendor/draw", preferred);
	assert.equal(chosen("edit"), "vendor/draw/edit");
	assert.equal(chosen("edit", "vendor/other-edit"), "vendor/other-edit");
	assert.equal(chosen("edit", undefined, "vendor/film/image-to-video"), "vendor/draw/edit", "one that cannot is not preferred");
	assert.equal(chosen("animate"), "vendor/film/image-to-video");
	assert.equal(chosen("upscale"), "tools/image-upscaler");
	assert.equal(modelFor([MODELS[0]], "edit", "vendor/draw", []), null);
});

test("an edit begins with the picture and without words, and says where it comes from", () => {
	const changes = changesFor({ relation: "edit", job, index: 0, url: "https://a.example/1.png", model: "vendor/draw/edit" }, form, models);
	assert.deepEqual([changes.model, changes.targetUrl, changes.prompt, changes.fields], ["vendor/draw/edit", "https://a.example/1.png", "", {}]);
	assert.deepEqual(changes.parent, { jobId: "1", index: 0, relation: "edit" });
	assert.equal("priority" in changes, false);
});

test("a reference leaves the words alone and is never put twice", () => {
	const changes = changesFor({ relation: "reference", job, index: 0, url: "https://a.example/1.png", model: "vendor/draw" }, form, models);
	assert.deepEqual(changes, { targetUrl: "https://a.example/1.png", parent: { jobId: "1", index: 0, relation: "reference" } });
	assert.deepEqual(added({ targetUrl: "a", refUrls: ["", "b"] }, "c"), { refUrls: ["b", "c"] });
	assert.deepEqual(added({ targetUrl: "a", refUrls: ["b"] }, "b"), {});
});

test("more like this is the same without its seed, as often as the form can", () => {
	const changes = changesFor({ relation: "variation", job, index: 0, url: null, model: null }, { ...form, runs: 1 }, models);
	assert.deepEqual([changes.runs, JSON.parse(changes.rawInput), changes.prompt], [4, { size: "1*1" }, "A fox"]);
	assert.equal("runs" in changesFor({ relation: "variation", job, index: 0, url: null, model: null }, form, models), false);
});

test("a retry with changes has everything, and no output if there was none", () => {
	const changes = changesFor({ relation: "retry", job: { ...job, outputs: [] }, index: 0, url: null, model: null }, form, models);
	assert.deepEqual(JSON.parse(changes.rawInput), job.input);
	assert.deepEqual(changes.parent, { jobId: "1", index: null, relation: "retry" });
});
