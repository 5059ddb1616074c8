// The client of the public API; it calls nothing else.

import { CORE } from "../words/core.js";
import { actingFor } from "./access.js";
import { noteServerTime } from "./clock.js";
import { parseExact } from "./json.js";
import { published } from "./published.js";

/** @import { AnswerOf, ArgumentsOf, PathsWith } from "../../types/page.js" */
/** @import { Problem as ProblemDocument } from "../../types/page.js" */

const SESSION = "/api/session";
const TIMEOUT_MS = 20000;

/** A refusal in the server's own words (RFC 9457), or the lack of a response (`status` 0). */
export class Problem extends Error {
	/**
	 * @param {number} status
	 * @param {Partial<ProblemDocument>} body
	 */
	constructor(status, body) {
		super(body.detail || body.title || `HTTP ${status}`);
		this.status = status;
		this.code = body.code ?? "";
		this.title = body.title ?? "";
		this.errors = body.errors ?? [];
		this.requestId = body.requestId ?? "";
	}

	/** Whether a retry may succeed later. */
	get passing() {
		return this.status === 0 || this.status === 429 || this.status >= 500;
	}

	get sentence() {
		if (this.code === "scope_missing") return CORE.refused(this.message);
		const places = this.errors.map(({ pointer, message }) => [namedBy(pointer), message].filter(Boolean).join(": "));
		return places.length ? `${this.title || this.message}. ${places.join(" ")}` : this.message;
	}
}

/**
 * Return what a field is called, for want of its label: `/input/guidance_scale` is the guidance scale.
 *
 * @param {string} pointer
 */
function namedBy(pointer) {
	const name = pointer.split("/").findLast((part) => /[a-z]/i.test(part)) ?? "";
	const words = name.replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ").toLowerCase();
	return words && words[0].toUpperCase() + words.slice(1);
}

/**
 * Return what was thrown as a problem; anything else is a bug of the page, and rethrown.
 *
 * @param {unknown} thrown
 */
export function asProblem(thrown) {
	if (thrown instanceof Problem) return thrown;
	throw thrown;
}

/**
 * @typedef {{ params?: Record<string, string>, query?: URLSearchParams, body?: unknown, key?: string, patience?: number }} Call
 */

/** Calls by the paths of the OpenAPI document, with `{parameters}` filled in. Each one may throw `Problem`. */
export class Api {
	/** @type {Promise<void> | null} */
	asking = null;
	signIns = 0;

	/** @param {() => Promise<void>} askKey Resolves once somebody has signed in. */
	constructor(askKey) {
		this.askKey = askKey;
	}

	/**
	 * @template {PathsWith<"get">} Path
	 * @param {Path} path
	 * @param {ArgumentsOf<Path, "get">} call
	 * @returns {Promise<AnswerOf<Path, "get">>}
	 */
	get(path, ...[call]) {
		return this.send("GET", path, call);
	}

	/**
	 * @template {PathsWith<"post">} Path
	 * @param {Path} path
	 * @param {ArgumentsOf<Path, "post">} call
	 * @returns {Promise<AnswerOf<Path, "post">>}
	 */
	post(path, ...[call]) {
		return this.send("POST", path, { key: newKey(), body: {}, ...call });
	}

	/**
	 * @template {PathsWith<"put">} Path
	 * @param {Path} path
	 * @param {ArgumentsOf<Path, "put">} call
	 * @returns {Promise<AnswerOf<Path, "put">>}
	 */
	put(path, ...[call]) {
		return this.send("PUT", path, call);
	}

	/**
	 * @template {PathsWith<"patch">} Path
	 * @param {Path} path
	 * @param {ArgumentsOf<Path, "patch">} call
	 * @returns {Promise<AnswerOf<Path, "patch">>}
	 */
	patch(path, ...[call]) {
		return this.send("PATCH", path, call);
	}

	/**
	 * @template {PathsWith<"delete">} Path
	 * @param {Path} path
	 * @param {ArgumentsOf<Path, "delete">} call
	 * @returns {Promise<AnswerOf<Path, "delete">>}
	 */
	delete(path, ...[call]) {
		return this.send("DELETE", path, call);
	}

	/**
	 * @param {string} method
	 * @param {string} path
	 * @param {Call} [call]
	 * @returns {Promise<any>} The JSON of the answer.
	 */
	async send(method, path, { params = {}, query, body, key, patience = TIMEOUT_MS } = {}) {
		/** @type {Record<string, string>} */
		const headers = {};
		if (body !== undefined) headers["Content-Type"] = "application/json";
		if (key !== undefined) headers["Idempotency-Key"] = key;
		const answer = await this.open(method, address(path, params, query), {
			headers,
			body: body === undefined ? undefined : JSON.stringify(body),
			signal: AbortSignal.timeout(patience),
		});
		const found = await answer.text().then(parseExact).catch(() => ({}));
		// The installation's report is the same body whether or not something is missing.
		if (!answer.ok && !(answer.status === 503 && path === "/api/init" && found.versions)) {
			throw new Problem(answer.status, found);
		}
		return found;
	}

	/**
	 * Return a raw response to a request. If it is refused because nobody is signed in, ask for a sign-in and retry.
	 *
	 * @param {string} method
	 * @param {string} path
	 * @param {RequestInit & { headers?: Record<string, string> }} options
	 */
	async open(method, path, options) {
		for (;;) {
			const { signIns } = this;
			let answer;
			try {
				const headers = { Accept: "application/json", ...ownerHeader(path), ...options.headers };
				answer = await fetch(published(path), { ...options, method, headers, cache: "no-store" });
			} catch {
				throw silence();
			}
			noteServerTime(answer.headers.get("Date"));
			// Its own refusal is about the key that was entered.
			if (answer.status !== 401 || path === SESSION) return answer;
			await this.signIn(signIns);
			if (options.signal?.aborted) options = { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) };
		}
	}

	/**
	 * Ask for a sign-in once, however many calls were refused.
	 *
	 * @param {number} before How many sign-ins there had been when the refused call was made.
	 * @param {() => Promise<void>} begin Resolves once somebody has signed in.
	 * @returns {Promise<void>}
	 */
	async signIn(before = this.signIns, begin = this.askKey) {
		if (this.signIns !== before) return;
		this.asking ??= begin().then(() => void (this.signIns += 1));
		await this.asking.finally(() => (this.asking = null));
	}
}

/**
 * Return the URL of a path; a model's path may contain slashes.
 *
 * @param {string} path
 * @param {Record<string, string>} params
 * @param {URLSearchParams} [query]
 */
export function address(path, params, query) {
	const filled = path.replace(/\{(\w+)\}/g, (_, name) => params[name].split("/").map(encodeURIComponent).join("/"));
	return query ? `${filled}?${query}` : filled;
}

/** Return the problem of a lost response. */
export function silence() {
	return new Problem(0, { detail: CORE.silent });
}

/**
 * Return the header that names the owner for whom an admin acts.
 *
 * @param {string} path
 * @returns {Record<string, string>}
 */
export function ownerHeader(path) {
	// Who is signed in does not depend on whom they act for.
	const owner = path === SESSION ? null : actingFor();
	return owner === null ? {} : { "Promptmill-Owner": owner };
}

/** Return a key that identifies one request. Not `randomUUID`, which requires https. */
export function newKey() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
