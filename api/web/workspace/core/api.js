// Speaks to the public API, and to nothing else.

import { noteServerTime } from "./clock.js";
import { on } from "./dom.js";

/** @import { AnswerOf, ArgumentsOf, PathsWith } from "../../types/page.js" */
/** @import { Problem as ProblemDocument } from "../../types/page.js" */

const TOKEN = "promptmill.token";
const TIMEOUT_MS = 20000;

/** What the server refused, in its own words (RFC 9457), or that it does not answer (`status` 0). */
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

	/** Whether the same may work later. */
	get passing() {
		return this.status === 0 || this.status === 429 || this.status >= 500;
	}

	get sentence() {
		const places = this.errors.map((error) => `${error.pointer || "request"}: ${error.message}`);
		return places.length ? `${this.title || this.message}. ${places.join(" ")}` : this.message;
	}
}

/**
 * Return what was thrown as a problem; anything else is a fault of the page, and thrown on.
 *
 * @param {unknown} thrown
 */
export function asProblem(thrown) {
	if (thrown instanceof Problem) return thrown;
	throw thrown;
}

/**
 * @typedef {{ params?: Record<string, string>, query?: URLSearchParams, body?: unknown, key?: string }} Call
 */

/** Calls by the paths of the API's document, `{parameters}` filled in. Every one throws `Problem`. */
export class Api {
	/** @type {Promise<void> | null} */
	asking = null;

	/** @param {(wasWrong: boolean) => Promise<string>} askToken Resolves to a token that a person typed. */
	constructor(askToken) {
		this.askToken = askToken;
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
	async send(method, path, { params = {}, query, body, key } = {}) {
		/** @type {Record<string, string>} */
		const headers = {};
		if (body !== undefined) headers["Content-Type"] = "application/json";
		if (key !== undefined) headers["Idempotency-Key"] = key;
		const answer = await this.open(method, address(path, params, query), {
			headers,
			body: body === undefined ? undefined : JSON.stringify(body),
			signal: AbortSignal.timeout(TIMEOUT_MS),
		});
		const found = await answer.json().catch(() => ({}));
		// The installation's report is the same body whether or not something is missing.
		if (!answer.ok && !(answer.status === 503 && path === "/api/init" && found.versions)) {
			throw new Problem(answer.status, found);
		}
		return found;
	}

	/**
	 * Send one file. Not by `fetch`: that tells no progress.
	 *
	 * @param {PathsWith<"post">} path
	 * @param {File} file
	 * @param {{ onProgress: (share: number) => void, signal: AbortSignal }} watch `onProgress` is told the share that has left.
	 * @returns {Promise<any>} The JSON of the answer.
	 */
	upload(path, file, { onProgress, signal }) {
		return new Promise((resolve, reject) => {
			const request = new XMLHttpRequest();
			request.open("POST", path);
			if (storedToken()) request.setRequestHeader("Authorization", `Bearer ${storedToken()}`);
			request.responseType = "json";
			request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
			request.onload = () => (request.status < 300 ? resolve(request.response) : reject(new Problem(request.status, request.response ?? {})));
			request.onerror = request.onabort = () => reject(silence());
			on(signal, "abort", () => request.abort());
			const body = new FormData();
			body.append("file", file);
			request.send(body);
		});
	}

	/**
	 * Return a raw response, the token carried; one that wants another token (401, or 429 after several wrong ones) asks for it and tries again.
	 *
	 * @param {string} method
	 * @param {string} path
	 * @param {Omit<RequestInit, "headers"> & { headers?: Record<string, string> }} [options]
	 */
	async open(method, path, options = {}) {
		for (;;) {
			const token = storedToken();
			/** @type {Record<string, string>} */
			const headers = { Accept: "application/json", ...options.headers };
			if (token) headers.Authorization = `Bearer ${token}`;
			let answer;
			try {
				answer = await fetch(path, { ...options, method, headers, cache: "no-store" });
			} catch {
				throw silence();
			}
			noteServerTime(answer.headers.get("Date"));
			if (!answer.headers.has("WWW-Authenticate")) return answer;
			await this.newToken(token);
			if (options.signal?.aborted) options = { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) };
		}
	}

	/**
	 * Ask for a token once, however many calls were refused.
	 *
	 * @param {string} refused
	 */
	async newToken(refused) {
		if (storedToken() !== refused) return;
		this.asking ??= this.askToken(Boolean(refused)).then((token) => sessionStorage.setItem(TOKEN, token));
		await this.asking.finally(() => (this.asking = null));
	}
}

/**
 * Return the address of a path; a model's path may hold slashes.
 *
 * @param {string} path
 * @param {Record<string, string>} params
 * @param {URLSearchParams} [query]
 */
export function address(path, params, query) {
	const filled = path.replace(/\{(\w+)\}/g, (_, name) => params[name].split("/").map(encodeURIComponent).join("/"));
	return query ? `${filled}?${query}` : filled;
}

function silence() {
	return new Problem(0, { detail: "The server is not responding." });
}

function storedToken() {
	return sessionStorage.getItem(TOKEN) ?? "";
}

/** Return a key that names one request. Not `randomUUID`: that is missing without https. */
export function newKey() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
