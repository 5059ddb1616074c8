import assert from "node:assert/strict";
import { test } from "node:test";

import { Patience } from "../../api/web/workspace/panel/patience.js";

const waiting = (position, more = {}) => ({ jobId: "1", statusText: `Waiting for WaveSpeed: ${position} of 9, about 2 s to 9 s.`, wait: { for: "wavespeed_queue", position, estimateSeconds: 4, estimateHighSeconds: 9, ...more } });

test("a place that does not move for longer than was estimated is told", () => {
	const patience = new Patience();
	assert.match(patience.sentence(waiting(2), 0), /about 2 s to 9 s/);
	assert.match(patience.sentence(waiting(2), 9000), /about 2 s to 9 s/);
	assert.equal(patience.sentence(waiting(2), 9001), "Waiting for WaveSpeed: 2 of 9; taking longer than estimated.");
	assert.match(patience.sentence(waiting(1), 9500), /about 2 s to 9 s/, "it has moved");
});

test("what has no estimate, or no place, is told as it is", () => {
	const patience = new Patience();
	const plain = { jobId: "1", statusText: "Completed.", wait: { for: null, position: null, estimateSeconds: null, estimateHighSeconds: null } };
	assert.equal(patience.sentence(plain, 0), "Completed.");
	for (const at of [0, 1e6]) assert.match(patience.sentence(waiting(null), at), /about 2 s/);
});
