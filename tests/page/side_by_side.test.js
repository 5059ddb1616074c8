import assert from "node:assert/strict";
import { test } from "node:test";

const { columnsOf, nextTo, priceOf, secondsOf } = await import("../../api/web/workspace/side_by_side/columns.js");
const { groupIn, groupLink } = await import("../../api/web/workspace/side_by_side/link.js");

/** @type {(model: string, second: number, cost?: number | null) => any} */
const job = (model, second, cost = 0.01) => ({ jobId: `${model}-${second}`, model, createdAt: `2026-01-01T00:00:0${second}Z`, completedAt: null, mediaCostUsd: cost });

test("a column for each model, in the order in which they were queued", () => {
	const columns = columnsOf([job("b", 3), job("a", 2), job("b", 1)]);
	assert.deepEqual(columns.map(({ model, jobs }) => [model, ...jobs.map(({ jobId }) => jobId)]), [["b", "b-1", "b-3"], ["a", "a-2"]]);
	assert.deepEqual(columnsOf([]), []);
});

test("a sum is shown only if every price is known", () => {
	assert.equal(priceOf([job("a", 1, 0.5), job("b", 2, 0.25)]), 0.75);
	assert.equal(priceOf([job("a", 1, 0.5), job("b", 2, null)]), null);
	assert.equal(priceOf([]), null);
});

test("what is open has taken no time yet", () => {
	assert.equal(secondsOf(job("a", 1)), null);
	assert.equal(secondsOf({ createdAt: "2026-01-01T00:00:01Z", completedAt: "2026-01-01T00:00:03.5Z" }), 2.5);
});

test("arrow keys lead from column to column, and to nothing at the edge", () => {
	const columns = [["a1", "a2", "a3"], ["b1"], []];
	const led = (/** @type {string | undefined} */ from, /** @type {string} */ key) => nextTo(columns, from, key);
	assert.equal(led(undefined, "ArrowDown"), "a1");
	assert.equal(led("a1", "ArrowDown"), "a2");
	assert.equal(led("a3", "ArrowRight"), "b1");
	assert.equal(led("b1", "ArrowLeft"), "a1");
	for (const [from, key] of [["a1", "ArrowUp"], ["a3", "ArrowDown"], ["a1", "ArrowLeft"], ["b1", "ArrowRight"], ["a1", "l"]]) assert.equal(led(from, key), undefined, `${from} ${key}`);
});

test("a group's name survives its address, whatever it is", () => {
	for (const group of ["4f2a", "winter & snow #1", "ä/%"]) assert.equal(groupIn(/** @type {string} */ (groupLink({ metadata: { group } }))), group);
	assert.equal(groupLink({ metadata: {} }), null);
	for (const hash of ["", "#job=1", "#group=", "#group=%"]) assert.equal(groupIn(hash), null, hash);
});
