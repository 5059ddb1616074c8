/** A thin client of Promptmill for Node and the browser. Its types are in index.d.ts. */

const RETRIES = 3;
const FIRST_WAIT = 500;
const LONGEST_RETRY_AFTER = 90_000;
const LOOK = 2_000;
const AGAIN = new Set([429, 502, 503, 504]);
const ENDED = new Set(["completed", "failed", "cancelled", "expired", "terminated"]);

export class RefusedError extends Error {
	/**
	 * @param {Response} response
	 * @param {import("./index.js").Problem | null} problem
	 */
	constructor(response, problem) {
		super(problem?.detail ?? `${response.url} was answered with ${response.status}.`);
		this.name = "RefusedError";
		this.status = response.status;
		this.code = problem?.code ?? "unexpected_answer";
		this.problem = problem;
	}
}

export class JobError extends Error {
	/** @param {import("./index.js").Job} job */
	constructor(job) {
		super(job.error?.message ?? job.statusText);
		this.name = "JobError";
		this.job = job;
		this.reasonCode = job.error?.reasonCode ?? null;
	}
}

export class Client {
	#options;

	/** @param {import("./index.js").Options} [options] */
	constructor(options = {}) {
		this.#options = { ...options, url: (options.url ?? "").replace(/\/+$/, "") };
	}

	/**
	 * @param {string} method
	 * @param {string} path
	 * @param {any} [init]
	 * @returns {Promise<any>}
	 */
	async call(method, path, init = {}) {
		const [response, problem] = await this.#send(method.toUpperCase(), filled(path, init.path), init);
		if (!response.ok) throw new RefusedError(response, problem);
		return response.status === 204 ? undefined : response.json();
	}

	/**
	 * @param {import("./index.js").CreateJob} order
	 * @param {{ idempotencyKey?: string, signal?: AbortSignal }} [options]
	 * @returns {Promise<import("./index.js").Job>}
	 */
	createJob(order, { idempotencyKey = newKey(), signal } = {}) {
		return this.call("post", "/api/jobs/create", { body: order, idempotencyKey, signal });
	}

	/**
	 * @param {string} jobId
	 * @param {import("./index.js").Waiting} [waiting]
	 * @returns {Promise<import("./index.js").Job>}
	 */
	async waitForJob(jobId, { within = Infinity, signal } = {}) {
		const until = Date.now() + within;
		const path = filled("/api/jobs/{job_id}", { job_id: jobId });
		let job;
		let tag;
		for (;;) {
			/** @type {Record<string, string>} */
			const headers = tag ? { "If-None-Match": tag } : {};
			const [response, problem] = await this.#send("GET", path, { headers, signal });
			if (response.ok) {
				job = await response.json();
				tag = response.headers.get("ETag");
			} else if (response.status !== 304) {
				throw new RefusedError(response, problem);
			}
			if (ENDED.has(job.status) || job.status === "submit_unknown") return job;
			const left = until - Date.now();
			if (left <= 0) throw new DOMException(`Job ${jobId} has not ended; it goes on.`, "TimeoutError");
			await pause(Math.min(LOOK, left), signal);
		}
	}

	/**
	 * @param {import("./index.js").CreateJob} order
	 * @param {import("./index.js").Waiting & { idempotencyKey?: string }} [options]
	 */
	async run(order, { within, signal, ...options } = {}) {
		const { jobId } = await this.createJob(order, { ...options, signal });
		const job = await this.waitForJob(jobId, { within, signal });
		if (job.status !== "completed") throw new JobError(job);
		return job;
	}

	/**
	 * @param {Blob} file
	 * @param {string} [name]
	 */
	upload(file, name = "file") {
		const body = new FormData();
		body.append("file", file, name);
		return this.call("post", "/api/uploads", { body });
	}

	/**
	 * Send a request, and again where twice is like once and it may help.
	 *
	 * @param {string} method
	 * @param {string} path
	 * @param {any} init
	 * @returns {Promise<[Response, import("./index.js").Problem | null]>}
	 */
	async #send(method, path, { query, body, idempotencyKey, headers, signal }) {
		const { url, key, owner, retries = RETRIES, fetch = globalThis.fetch } = this.#options;
		const isForm = body instanceof FormData;
		const request = {
			method,
			signal,
			headers: {
				...(key && { Authorization: `Bearer ${key}` }),
				...(owner && { "Promptmill-Owner": owner }),
				...(idempotencyKey && { "Idempotency-Key": idempotencyKey }),
				...(body !== undefined && !isForm && { "Content-Type": "application/json" }),
				...headers,
			},
			body: body === undefined || isForm ? body : JSON.stringify(body),
		};
		const repeatable = method !== "POST" || idempotencyKey !== undefined;
		for (let tried = 0; ; tried++) {
			const usual = FIRST_WAIT * 2 ** tried * (0.5 + Math.random() / 2);
			const last = !repeatable || tried >= retries;
			try {
				const response = await fetch(`${url}${path}${asked(query)}`, request);
				if (response.ok || response.status === 304) return [response, null];
				const problem = await problemOf(response);
				const wait = last ? null : waitBefore(response, problem, usual);
				if (wait === null) return [response, problem];
				await pause(wait, signal);
			} catch (error) {
				// fetch throws a TypeError where no answer came.
				if (last || !(error instanceof TypeError)) throw error;
				await pause(usual, signal);
			}
		}
	}
}

/**
 * @param {Response} response
 * @param {import("./index.js").Problem | null} problem
 * @param {number} usual
 */
function waitBefore(response, problem, usual) {
	const inProgress = problem?.code === "idempotency_in_progress";
	if (!inProgress && (!AGAIN.has(response.status) || problem?.code === "too_many_wrong_tokens")) return null;
	const told = Number(response.headers.get("Retry-After") ?? 0) * 1000;
	if (told > LONGEST_RETRY_AFTER) return null;
	return Math.max(usual, told || 0);
}

/**
 * @param {Response} response
 * @returns {Promise<import("./index.js").Problem | null>}
 */
async function problemOf(response) {
	try {
		const told = await response.json();
		return typeof told?.code === "string" ? told : null;
	} catch {
		return null;
	}
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} [values]
 */
function filled(path, values = {}) {
	// A model's path has slashes of its own.
	return path.replace(/\{(\w+)\}/g, (_, name) => String(values[name]).split("/").map(encodeURIComponent).join("/"));
}

/** @param {Record<string, unknown>} [query] */
function asked(query = {}) {
	const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((each) => [name, String(each)]));
	const given = pairs.filter(([, value]) => value !== "undefined" && value !== "null");
	return given.length ? `?${new URLSearchParams(given)}` : "";
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
	return new Promise((resolve, reject) => {
		signal?.throwIfAborted();
		const stop = () => {
			clearTimeout(timer);
			reject(signal?.reason);
		};
		const timer = setTimeout(() => {
			signal?.removeEventListener("abort", stop);
			resolve();
		}, milliseconds);
		signal?.addEventListener("abort", stop, { once: true });
	});
}

function newKey() {
	// Unlike `randomUUID`, it is there without TLS as well.
	return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
