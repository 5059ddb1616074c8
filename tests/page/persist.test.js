import assert from "node:assert/strict";
import { mock, test } from "node:test";

const page = new EventTarget();
globalThis.window = page;
Object.assign(globalThis.document, { addEventListener: () => {}, hidden: false });
const { Problem } = await import("../../api/web/workspace/core/api.js");
const { tellBack } = await import("../../api/web/workspace/core/back.js");
const { persist } = await import("../../api/web/workspace/core/persist.js");

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Return a request that is lost so many times. */
function lostFor(times) {
	const asked = { times: 0 };
	const ask = async () => {
		asked.times += 1;
		if (asked.times <= times) throw new Problem(0, {});
		return "answer";
	};
	return { asked, ask };
}

test("a lost request is asked again after pauses that grow, and at once when the server is back", async () => {
	mock.timers.enable({ apis: ["setTimeout"] });
	const { asked, ask } = lostFor(4);
	let missed = 0;
	const answer = persist(ask, { missed: () => (missed += 1) });
	await settled();
	assert.deepEqual([asked.times, missed], [1, 1]);
	for (const seconds of [1, 2]) {
		mock.timers.tick(seconds * 1000 - 1);
		await settled();
		assert.equal(asked.times, seconds);
		mock.timers.tick(1);
		await settled();
	}
	assert.equal(asked.times, 3);
	tellBack();
	await settled();
	assert.equal(asked.times, 4);
	page.dispatchEvent(new Event("focus"));
	assert.equal(await answer, "answer");
	mock.timers.reset();
});

test("a refusal is final, and what nobody wants any more is not asked again", async () => {
	const refused = new Problem(404, { title: "No such job" });
	await assert.rejects(persist(async () => Promise.reject(refused)), refused);
	const { asked, ask } = lostFor(2);
	assert.equal(await persist(ask, { wanted: () => false }), null);
	assert.equal(asked.times, 1);
});
