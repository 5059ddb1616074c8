/** What a caller in TypeScript gets: checked by `make check`, run by nobody. */

import { Client, type Job, JobError, RefusedError } from "../../clients/typescript/index.js";

export async function makeOne(client: Client): Promise<string | null> {
	try {
		const job: Job = await client.run({ model: "wavespeed-ai/flux-dev", prompt: "A fox" }, { within: 60_000 });
		return job.outputs[0]?.url ?? null;
	} catch (error) {
		if (error instanceof JobError) return error.reasonCode;
		if (error instanceof RefusedError) return error.code;
		throw error;
	}
}

export async function look(client: Client): Promise<number> {
	const page = await client.call("get", "/api/jobs", { query: { status: ["completed"], limit: 10 } });
	const job = await client.call("get", "/api/jobs/{job_id}", { path: { job_id: page.items[0]?.jobId ?? "" } });
	const price = await client.call("post", "/api/models/price", { body: { model: job.model } });
	// @ts-expect-error there is no such path
	await client.call("get", "/api/jbos");
	// @ts-expect-error a model is required
	await client.createJob({ prompt: "A fox" });
	return price.priceUsd ?? 0;
}
