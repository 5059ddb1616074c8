import assert from "node:assert/strict";
import { test } from "node:test";

import { familyOf, found } from "../../api/web/workspace/form/model_search.js";

const MODELS = [
	["bytedance/seedream-v4", "Seedream 4", "image", "text-to-image"],
	["bytedance/seedream-v4/edit", "Seedream 4, edit", "image", "image-to-image"],
	["alibaba/wan-2.6/text-to-video", "Wan 2.6", "video", "text-to-video"],
	["alibaba/wan-2.6/image-to-video", "Wan 2.6, from an image", "video", "image-to-video"],
	["vendor/dream-voice", "Voice", "audio", "text-to-audio"],
].map(([model, label, kind, task]) => ({ model, label, kind, task }));
const ALL = { needle: "", kind: "", starred: [], recent: [] };
const paths = (wanted) => found(MODELS, { ...ALL, ...wanted }).map(({ title, models }) => [title, models.map(({ model }) => model.split("/").slice(1).join("/"))]);

test("favourites come first, then those used lately, each once", () => {
	assert.deepEqual(paths({ starred: ["vendor/dream-voice"], recent: ["vendor/dream-voice", "bytedance/seedream-v4", "gone/model"] }), [
		["Favourites", ["dream-voice"]],
		["Recent", ["seedream-v4"]],
		["All models", ["seedream-v4/edit", "wan-2.6/text-to-video", "wan-2.6/image-to-video"]],
	]);
	assert.equal(paths({})[0][0], null);
});

test("all words must occur, and a name says more than a path", () => {
	assert.deepEqual(paths({ needle: "wan image" })[0][1][0], "wan-2.6/image-to-video");
	assert.deepEqual(paths({ needle: "dream" })[0][1].at(-1), "dream-voice");
	assert.deepEqual(paths({ needle: "nothing" })[0][1], []);
});

test("kinds narrow the list", () => {
	assert.deepEqual(paths({ kind: "video" }).flatMap(([, models]) => models).length, 2);
	assert.deepEqual(paths({ kind: "other" }).flatMap(([, models]) => models), ["dream-voice"]);
});

test("a family is a model's variants, named by what they do", () => {
	assert.deepEqual(familyOf(MODELS, "bytedance/seedream-v4/edit").map(({ word }) => word), ["Text to image", "Edit"]);
	assert.deepEqual(familyOf(MODELS, "alibaba/wan-2.6/text-to-video").map(({ word }) => word), ["Text to video", "Image to video"]);
	assert.deepEqual(familyOf(MODELS, "vendor/dream-voice"), []);
	assert.deepEqual(familyOf(MODELS, "who/knows"), []);
});
