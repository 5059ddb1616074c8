import assert from "node:assert/strict";
import { test } from "node:test";

import { readEvents } from "../../api/web/workspace/live/event_stream.js";

async function read(...chunks) {
	let alive = 0;
	const events = [];
	const encoder = new TextEncoder();
	const body = ReadableStream.from(chunks.map((chunk) => (typeof chunk === "string" ? encoder.encode(chunk) : chunk)));
	for await (const event of readEvents(body, () => (alive += 1))) events.push(event);
	return { events, alive };
}

test("events come whole, however the network cuts them", async () => {
	const { events } = await read("retry: 2000\n\nevent: jo", 'b\nid: 3\ndata: {"a"', ": 1}\n", "\nevent: resync\ndata: {}\n\n");
	assert.deepEqual(events, [{ type: "job", data: '{"a": 1}' }, { type: "resync", data: "{}" }]);
});

test("a heartbeat is a sign of life and no event", async () => {
	const { events, alive } = await read(": still here\n\n", ": still here\n\n");
	assert.deepEqual(events, []);
	assert.equal(alive, 2);
});

test("a letter that is cut in two stays one, and line ends may be those of another system", async () => {
	const bytes = new TextEncoder().encode('event: job\r\ndata: "é"\r\n\r\n');
	const cut = bytes.indexOf(0xc3) + 1;
	const { events } = await read(bytes.slice(0, cut), bytes.slice(cut));
	assert.deepEqual(events, [{ type: "job", data: '"é"' }]);
});

test("what the stream breaks off in is not told", async () => {
	assert.deepEqual((await read("event: job\ndata: {}")).events, []);
});
