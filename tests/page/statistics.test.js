import assert from "node:assert/strict";
import { test } from "node:test";

import { figuresOf, stepsOf } from "../../api/web/workspace/statistics/figures.js";

const answer = (more = {}) => ({ from: "2026-02-28", to: "2026-03-02", by: "day", zone: "UTC", owner: null, prompts: [], jobs: [], spending: [], likes: [], ...more });
const spent = (day, model, spentUsd) => ({ day, provider: model && "wavespeed", model, spentUsd, chargedUsd: 0, reservedUsd: 0 });

test("there is a step for each day, or hour, also for those in which nothing happened", () => {
	assert.deepEqual(stepsOf(answer()), ["2026-02-28T00", "2026-03-01T00", "2026-03-02T00"]);
	const hours = stepsOf(answer({ by: "hour", to: "2026-02-28" }));
	assert.deepEqual([hours.length, hours.at(-1)], [24, "2026-02-28T23"]);
});

test("a row stands at its step, and every other step is empty", () => {
	const [prompts] = figuresOf(answer({ prompts: [{ at: "2026-03-01T00:00:00Z", written: 6, minutes: 4, busiest: 3 }] }));
	assert.deepEqual(prompts.series.map(({ values }) => values), [[0, 3, 0], [0, 1.5, 0]]);
	assert.equal(prompts.rows.length, 1);
});

test("what was spent is stacked by model, the dearest first and all others last", () => {
	const [, , money] = figuresOf(answer({ spending: [spent("2026-02-28", null, 9), spent("2026-02-28", "a/a", 1), spent("2026-03-02", "b/b", 2)] }));
	assert.deepEqual(money.series.map(({ name, values }) => [name, values]), [["b/b", [0, 0, 2]], ["a/a", [1, 0, 0]], ["All others", [9, 0, 0]]]);
});

test("each grouping of likes has a plot of its own", () => {
	const like = (by, name) => ({ by, name, made: 4, liked: 1, disliked: 3 });
	const [, , , models, styles] = figuresOf(answer({ likes: [like("model", "a/dear"), like("style", "anime")] }));
	assert.deepEqual([models.title, styles.title], ["Likes by model", "Likes by style"]);
	assert.deepEqual(models.rows, [["a/dear", "4", "1", "3", "25 %"]]);
});
