import assert from "node:assert/strict";
import { test } from "node:test";

import { isStillGroks, shareLeft } from "../../api/web/workspace/form/authorship.js";
import { MOST_WORDS, wordDiff } from "../../api/web/workspace/form/word_diff.js";

const told = (before, after) => wordDiff(before, after)?.map(({ kind, text }) => `${{ same: "=", gone: "-", new: "+" }[kind]}${text.trim()}`);

test("words that went, came and stayed are told apart, in order", () => {
	assert.deepEqual(told("a red fox in snow", "a small red fox in deep snow"), ["=a", "+small", "=red fox in", "+deep", "=snow"]);
	assert.deepEqual(told("a red fox", "a blue fox"), ["=a", "-red", "+blue", "=fox"]);
	assert.deepEqual(told("", "a fox"), ["+a fox"]);
	assert.deepEqual(told("a fox", " \n "), ["-a fox"]);
	assert.deepEqual(told("", ""), []);
});

test("a mark that is added changes no word, and no two words grow together", () => {
	assert.deepEqual(told("a fox in the snow", "a fox in the snow. Calm, at dusk."), ["=a fox in the snow", "+. Calm, at dusk."]);
	assert.equal((wordDiff("a red fox", "one red fox") ?? []).map(({ text }) => text).join(""), "a one red fox");
	assert.equal((wordDiff("a red fox", "red fox") ?? []).map(({ text }) => text).join(""), "a red fox");
});

test("what is new and what stayed is the new text, what went and what stayed the old one", () => {
	const [before, after] = ["the fox sleeps under a tree and dreams of snow", "under the tree a fox dreams and dreams of deep snow"];
	const runs = wordDiff(before, after) ?? [];
	const text = (kind) => runs.filter((run) => run.kind === "same" || run.kind === kind).map((run) => run.text).join("").trim();

	assert.equal(text("new"), after);
	assert.equal(text("gone").replace(/\s+/g, " "), before);
	assert.equal(runs.filter(({ kind }) => kind === "same").flatMap((run) => run.text.trim().split(" ")).length, 6, "the longest common sequence");
});

test("texts beyond the limit are not compared", () => {
	assert.equal(wordDiff("x ".repeat(MOST_WORDS + 1), "x"), null);
	assert.notEqual(wordDiff("x ".repeat(MOST_WORDS), "y ".repeat(MOST_WORDS)), null);
});

test("the share of words that is left counts each word as often as it stands there", () => {
	assert.equal(shareLeft("a red fox", "the fox is red, a red fox"), 1);
	assert.equal(shareLeft("fox fox fox fox", "one fox"), 0.25);
	assert.equal(shareLeft("a red fox", "Something else"), 0);
	assert.equal(shareLeft("", "x"), 0);
	assert.deepEqual(["a red fox at dusk", "fox", "Something else"].map((text) => isStillGroks(text, "a red fox")), [true, true, false]);
});
