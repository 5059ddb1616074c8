import assert from "node:assert/strict";
import { mock, test } from "node:test";

Object.assign(globalThis.document, { addEventListener: () => {}, hidden: false });
globalThis.window = { addEventListener: () => {} };
const { Live } = await import("../../api/web/workspace/live/live.js");

/** Let everything that is due happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Return a server whose streams the test writes to; one that hangs answers nothing. */
function serverOf() {
	const server = { hangs: false, opened: 0, write: (_text) => {} };
	const open = (_method, _path, { signal }) => {
		server.opened += 1;
		if (server.hangs) return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
		const body = new ReadableStream({
			start(controller) {
				server.write = (text) => controller.enqueue(new TextEncoder().encode(text));
				signal.addEventListener("abort", () => controller.error(new Error("aborted")));
			},
		});
		return Promise.resolve({ ok: true, body, headers: new Headers({ "Content-Type": "text/event-stream" }) });
	};
	return { server, api: { open, asking: null } };
}

async function pass(seconds) {
	for (let left = seconds; left > 0; left -= 1) {
		mock.timers.tick(1000);
		await settled();
	}
}

test("live means that something was heard within 20 s, and a situation is told at once", async () => {
	mock.timers.enable({ apis: ["setTimeout"] });
	const { server, api } = serverOf();
	const states = [];
	let situations = 0;
	const live = new Live(api, { reread: async () => {}, onEvent: () => {}, onSituation: () => (situations += 1), onState: (state) => states.push(state) });
	live.run();
	await settled();
	server.write("event: situation\ndata: {}\n\n");
	await settled();
	assert.deepEqual([states, situations], [["live"], 1]);

	for (const _ of [1, 2, 3]) {
		await pass(15);
		server.write(": still here\n\n");
		await settled();
	}
	assert.deepEqual(states, ["live"]);

	server.hangs = true;
	await pass(21);
	assert.deepEqual(states, ["live", "reconnecting"]);
	await pass(11);
	assert.deepEqual(states.slice(0, 3), ["live", "reconnecting", "lost"]);

	server.hangs = false;
	await pass(12);
	assert.equal(states.at(-1), "live");
	assert.equal(situations, 2, "what was told meanwhile was not heard");
	mock.timers.reset();
});
