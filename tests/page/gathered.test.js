import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Gathered } from "../../api/web/workspace/live/gathered.js";

/** @param {{ open?: boolean, each?: boolean }} how */
function gathering({ open = false, each = false } = {}) {
	const state = { open, each, told: /** @type {string[][]} */ ([]) };
	const gathered = new Gathered({
		isOpen: () => state.open,
		each: () => state.each,
		tell: (jobs) => state.told.push(jobs.map((job) => job.jobId)),
	});
	/** @param {string} jobId */
	const add = (jobId) => gathered.add(/** @type {any} */ ({ jobId }));
	return { state, add };
}

test("jobs that end together are told once, and each of them once", () => {
	mock.timers.enable({ apis: ["setTimeout"] });
	const { state, add } = gathering();
	for (const jobId of ["a", "b", "a"]) add(jobId);
	mock.timers.tick(5000);
	assert.deepEqual(state.told, [["a", "b"]]);
	add("c");
	mock.timers.tick(5000);
	assert.deepEqual(state.told, [["a", "b"], ["c"]]);
	mock.timers.reset();
});

test("while others are under way, all are told when the last has ended", () => {
	mock.timers.enable({ apis: ["setTimeout"] });
	const { state, add } = gathering({ open: true });
	add("a");
	mock.timers.tick(5000);
	assert.deepEqual(state.told, []);
	state.open = false;
	add("b");
	mock.timers.tick(5000);
	assert.deepEqual(state.told, [["a", "b"]]);
	mock.timers.reset();
});

test("who wants to hear of each job is told though others are under way", () => {
	mock.timers.enable({ apis: ["setTimeout"] });
	const { state, add } = gathering({ open: true, each: true });
	add("a");
	mock.timers.tick(5000);
	assert.deepEqual(state.told, [["a"]]);
	mock.timers.reset();
});
