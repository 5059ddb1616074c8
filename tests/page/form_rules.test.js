import assert from "node:assert/strict";
import { test } from "node:test";

import { noteSession } from "../../api/web/workspace/core/access.js";
import { vocabulary } from "../../api/web/workspace/core/vocabulary.js";
import { jobBody, priceBody, promptBody } from "../../api/web/workspace/form/form_bodies.js";
import { fieldText, parseObject, pictureFits, reasonAgainstWriting, reasonsAgainst } from "../../api/web/workspace/form/form_rules.js";

const EMPTY = {
	model: "vendor/name",
	alsoOn: [],
	allowUnknown: "",
	fields: {},
	targetUrl: "",
	refUrls: [],
	prompt: "A fox",
	instructions: "",
	writer: "me",
	operation: "", ask: {},
	onPromptFailure: "fail",
	priority: 5,
	runs: 1,
	rawInput: "",
	deadlineSeconds: "",
	maxPriceUsd: "",
	metadata: "",
	promptJob: null,
	generate: null,
	setAside: null,
};
const NOW = { plainHttp: false };
const NO_MODELS = { get: () => undefined, isUnlisted: () => false, fieldsOf: () => [] };

const form = (changes) => ({ ...EMPTY, ...changes });
const reasons = (changes, now = {}) => reasonsAgainst(form(changes), { ...NOW, ...now }).map(({ text }) => text);

function models(...fields) {
	const usual = { required: false, movesPrice: false, default: null, type: "text", choices: null };
	return { get: () => undefined, isUnlisted: () => false, fieldsOf: () => fields.map((field) => ({ ...usual, ...field })) };
}

test("words that nobody has filled in are not queued, unless a table fills them", () => {
	assert.deepEqual(reasons({ prompt: "A {{animal}} in the snow" }), ["Fill in {{animal}} first."]);
	assert.deepEqual(reasons({ writer: "grok", prompt: "", instructions: "A {{animal}}" }), ["Fill in {{animal}} first."]);
	assert.deepEqual(reasons({ prompt: "A {{animal}}" }, { fills: true }), []);
	assert.deepEqual(reasons({ prompt: "f(x) = {x}", instructions: "{{kept aside}}" }), []);
});

test("a prompt and a model are enough", () => {
	assert.deepEqual(reasons({}), []);
});

test("a model's path is judged by the server's own pattern", () => {
	for (const model of ["vendor", "vendor/", "/name", "a/b/c/d", "a/b c", "../name"]) {
		assert.equal(reasons({ model }).length, 1, model);
	}
	for (const model of ["vendor/name", " vendor/name-2.1/text-to-video "]) assert.deepEqual(reasons({ model }), [], model);
	assert.deepEqual(reasons({ model: "  " }), ["Choose a model."]);
});

test("each input that the server refuses is refused here, in its words", () => {
	const refused = Object.entries(vocabulary.refusedInputs);
	assert.ok(refused.length > 0);
	for (const [name, why] of refused) {
		const [reason] = reasons({ rawInput: JSON.stringify({ [name]: 1 }) });
		assert.match(reason, new RegExp(name));
		assert.ok(reason.endsWith(why), reason);
	}
	assert.deepEqual(reasons({ rawInput: '{"toString": 1}' }), []);
});

test("Grok needs something to go by", () => {
	assert.equal(reasons({ writer: "grok", prompt: "" }).length, 1);
	assert.deepEqual(reasons({ writer: "grok", prompt: "", instructions: "Calm" }), []);
	assert.equal(reasons({ writer: "grok", prompt: "", instructions: "Calm", operation: "enhance" }).length, 1);
	assert.equal(reasons({ writer: "grok", prompt: "", instructions: "Calm", onPromptFailure: "usePrompt" }).length, 1);
});

test("raw input and metadata must be what they are called", () => {
	for (const rawInput of ["[]", "1", "{", "null"]) assert.deepEqual(reasons({ rawInput }), ["The raw input is not a JSON object."], rawInput);
	for (const metadata of ['{"a": 1}', "[]", "x"]) assert.deepEqual(reasons({ metadata }), ["Metadata must be a JSON object with string values."], metadata);
	assert.deepEqual(parseObject(" "), {});
});

test("what goes on around the form holds it back", () => {
	assert.equal(reasons({}, { drain: { on: true, reason: "Moving" } })[0], "New jobs are not accepted at the moment: Moving.");
	assert.equal(reasons({}, { uploading: 1 }).length, 1);
	assert.equal(reasons({ generate: { phase: "running" } }).length, 1);
	assert.deepEqual(reasons({ generate: { phase: "failed" } }), []);
	assert.deepEqual(reasons({}, { reading: true }), []);
	assert.equal(reasons({ fields: { size: "1*1" } }, { reading: true }).length, 1);
});

test("an address fits where providers can open it", () => {
	for (const [text, plainHttp, fits] of [
		["https://example.com/a.png", false, true],
		["http://example.com/a.png", false, false],
		["http://example.com/a.png", true, true],
		["javascript:alert(1)", true, false],
		["data:image/png;base64,", true, false],
		["a.png", true, false],
	]) {
		assert.equal(pictureFits(text, plainHttp), fits, text);
	}
	assert.match(reasons({ targetUrl: "ftp://example.com/a" })[0], /is not an https URL/);
});

test("why Grok cannot be asked is one sentence, or nothing", () => {
	assert.equal(reasonAgainstWriting(form({}), NOW), null);
	assert.match(reasonAgainstWriting(form({ prompt: "" }), NOW), /a few words/);
	assert.match(reasonAgainstWriting(form({}), { ...NOW, drain: { on: true } }), /not accepted at the moment/);
});

test("a prompt job is asked for with what is there alone", () => {
	assert.deepEqual(promptBody(form({ prompt: " A fox ", refUrls: [" ", "https://a/b"] })), {
		prompt: "A fox",
		refUrls: ["https://a/b"],
		priority: 5,
	});
});

test("a job with a prompt of one's own says nothing of Grok", () => {
	const body = jobBody(form({ operation: "enhance", instructions: "Calm", deadlineSeconds: "60", metadata: '{"a": "b"}' }), NO_MODELS);
	assert.deepEqual(body, { prompt: "A fox", priority: 5, model: "vendor/name", metadata: { a: "b" }, deadlineSeconds: 60 });
});

test("a price limit is sent as an amount, and what is none is left to the server to refuse", () => {
	const limit = (maxPriceUsd) => jobBody(form({ maxPriceUsd }), NO_MODELS).maxPriceUsd;
	assert.deepEqual(["0.02", "0.000001", ""].map(limit), [0.02, 0.000001, undefined]);
	assert.deepEqual(["0", "two cents"].map(limit), ["0", "two cents"]);
});

test("a written prompt goes by its id, and with the text where it was changed", () => {
	const promptJob = { id: "p1", text: "A red fox" };
	assert.deepEqual(jobBody(form({ prompt: "A red fox ", promptJob }), NO_MODELS), { priority: 5, model: "vendor/name", promptJobId: "p1" });
	assert.equal(jobBody(form({ prompt: "A fox", promptJob }), NO_MODELS).prompt, "A fox");
});

test("inputs are sent as the schema's kinds, and the raw input overrules them", () => {
	const known = models({ name: "num", type: "integer" }, { name: "sync", type: "boolean" }, { name: "size", choices: [512, 1024] }, { name: "extra", type: "json" });
	const fields = { num: "3", sync: "false", size: "1024", extra: "[1]" };
	assert.deepEqual(jobBody(form({ fields, rawInput: '{"num": 4}' }), known).input, { num: 4, sync: false, size: 1024, extra: [1] });
});

test("what affects the price is said by its usual value; other empty fields are left to the model", () => {
	const known = models({ name: "duration", movesPrice: true, default: 5 }, { name: "style", default: "plain" }, { name: "seed", required: true });
	assert.deepEqual(priceBody(form({}), known), { model: "vendor/name", input: { duration: 5 } });
	assert.equal(priceBody(form({ model: "vendor" }), known), null);
});

test("an input may have the name of what every object has", () => {
	assert.equal(fieldText({ fields: {} }, "toString"), "");
	assert.equal(fieldText({ fields: { toString: "x" } }, "toString"), "x");
});

test("a whole number that JavaScript would round is sent as it is written, wherever it stands", () => {
	for (const rawInput of ['{"seed":6687881544318117707}', '{"layers":[{"id":-9007199254740993}]}']) {
		assert.deepEqual(reasons({ rawInput }), []);
		assert.equal(JSON.stringify(jobBody(form({ rawInput }), NO_MODELS).input), rawInput);
	}
	const known = models({ name: "seed", type: "integer" });
	assert.equal(JSON.stringify(jobBody(form({ fields: { seed: "6687881544318117707" } }), known).input), '{"seed":6687881544318117707}');
});

test("a browser that can only round whole numbers says so", (t) => {
	t.mock.property(JSON, "rawJSON", undefined);
	for (const rawInput of ['{"seed": 6687881544318117707}', '{"layers": [{"id": -9007199254740993}]}']) {
		const [reason, ...others] = reasons({ rawInput });
		assert.match(reason, /rounds whole numbers/, rawInput);
		assert.deepEqual(others, []);
	}
	for (const rawInput of ['{"seed": 9007199254740991}', '{"weight": 0.1, "text": "6687881544318117707"}']) assert.deepEqual(reasons({ rawInput }), [], rawInput);
	assert.deepEqual(reasons({ rawInput: `{"deep": ${"[".repeat(20_000)}${"]".repeat(20_000)}}` }), []);
});

test("a prompt that shows nothing is none", () => {
	for (const prompt of ["\u200b\u200b", "\u2060 \ufeff", "\u3164", "\u2800"]) assert.equal(reasons({ prompt }).length, 1, JSON.stringify(prompt));
	for (const prompt of ["🦊", "e\u0301", "狐", "\u200ba"]) assert.deepEqual(reasons({ prompt }), [], prompt);
	assert.equal(reasons({ writer: "grok", prompt: "\u200b", instructions: "\u200b" }).length, 1);
});

test("a model that the list does not have is sent anyway only if that was said of it", () => {
	assert.equal(jobBody(form({}), NO_MODELS).allowUnknownModel, undefined);
	assert.equal(jobBody(form({ allowUnknown: "vendor/name" }), NO_MODELS).allowUnknownModel, true);
	assert.equal(jobBody(form({ model: "vendor/other", allowUnknown: "vendor/name" }), NO_MODELS).allowUnknownModel, undefined);
});

test("whoever may not create jobs is told that, and nothing else", () => {
	noteSession({ signedIn: true, scopes: ["jobs:read"] });
	const told = [reasons({ model: "", prompt: "" }), reasonAgainstWriting(form({}), NOW)].flat();
	noteSession(null);
	assert.equal(told.length, 2);
	for (const reason of told) assert.match(reason, /takes the scope jobs:write/);
});
