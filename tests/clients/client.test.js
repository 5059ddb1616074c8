/** The TypeScript client against the running API whose address is in URL, with the key in KEY: see tests/drills/ci/drill_typescript_client.py. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { Client, RefusedError } from "../../clients/typescript/index.js";

const client = new Client({ url: `${process.env.URL}/`, key: process.env.KEY });
const order = { model: "wavespeed-ai/flux-dev", prompt: "A fox in the first snow" };

test("a picture is made of an uploaded one", async () => {
	const picture = await client.upload(new Blob([readFileSync(String(process.env.PICTURE))]), "a.png");
	const job = await client.run({ ...order, model: "bytedance/seedream-v4/edit", targetUrl: picture.url }, { within: 60_000 });

	assert.equal(job.status, "completed");
	assert.ok(job.outputs[0].url);
	const page = await client.call("get", "/api/jobs", { query: { status: ["completed"], limit: 1, q: undefined } });
	assert.deepEqual(page.items.map((found) => found.jobId), [job.jobId]);
	assert.equal((await client.call("get", "/api/models/{model}", { path: { model: order.model } })).model, order.model);
});

test("what is refused says why", async () => {
	await assert.rejects(client.createJob({ ...order, priority: 11 }), (error) => {
		assert.ok(error instanceof RefusedError);
		assert.deepEqual([error.status, error.code], [422, "invalid_request"]);
		assert.equal(error.problem?.errors?.[0].pointer, "/priority");
		return true;
	});
});

test("a POST is repeated with its key, and never without", async () => {
	/** @type {(string | undefined)[]} */
	const keys = [];
	const server = createServer((request, response) => {
		keys.push(String(request.headers["idempotency-key"]));
		if (keys.length === 1) request.socket.destroy();
		else response.writeHead(keys.length === 2 ? 503 : 202, { "Retry-After": "0" }).end('{"jobId": "1"}');
	});
	await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
	const address = /** @type {import("node:net").AddressInfo} */ (server.address());
	const lost = new Client({ url: `http://127.0.0.1:${address.port}` });

	assert.equal((await lost.createJob(order)).jobId, "1");
	assert.equal(keys.length, 3);
	assert.equal(new Set(keys).size, 1);
	keys.length = 0;
	await assert.rejects(lost.upload(new Blob(["picture"])), TypeError);
	assert.equal(keys.length, 1);
	server.close();
	server.closeAllConnections();
});

test("waiting ends when it is told to", async () => {
	const { jobId } = await client.createJob(order);
	await client.call("delete", "/api/jobs/{job_id}", { path: { job_id: jobId } });
	assert.ok((await client.waitForJob(jobId, { within: 60_000 })).completedAt);

	await assert.rejects(client.waitForJob(jobId, { signal: AbortSignal.abort() }), { name: "AbortError" });
});
