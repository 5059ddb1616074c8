// Speaks to the public API, and to nothing else.

import { noteServerTime } from "./clock.js";
import { on } from "./dom.js";

const TOKEN = "promptmill.token";
const PATIENCE = 20000;

// What the server refused, in its own words (RFC 9457), or that it does not answer (`status` 0).
class Problem extends Error {
	constructor(status, body) {
		super(body.detail || body.title || `HTTP ${status}`);
		this.status = status;
		this.code = body.code ?? "";
		this.title = body.title ?? "";
		this.errors = body.errors ?? [];
		this.requestId = body.requestId ?? "";
	}

	get passing() {
		return this.status === 0 || this.status === 429 || this.status >= 500;
	}

	get sentence() {
		const places = this.errors.map((error) => `${error.pointer || "request"}: ${error.message}`);
		return places.length ? `${this.title || this.message}. ${places.join(" ")}` : this.message;
	}
}

export class Api {
	// `askToken(wasWrong)` resolves to a token that a person typed.
	constructor(askToken) {
		this.askToken = askToken;
	}

	get(path) {
		return this.send("GET", path);
	}

	post(path, body, { key } = {}) {
		return this.send("POST", path, body ?? {}, { "Idempotency-Key": key ?? newKey() });
	}

	put(path, body) {
		return this.send("PUT", path, body);
	}

	delete(path) {
		return this.send("DELETE", path);
	}

	// Return the JSON of an answer; throws `Problem`.
	async send(method, path, body, headers = {}) {
		const answer = await this.open(method, path, {
			headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
			body: body === undefined ? undefined : JSON.stringify(body),
			signal: AbortSignal.timeout(PATIENCE),
		});
		const found = await answer.json().catch(() => ({}));
		// The installation's report is the same body whether or not something is missing.
		if (!answer.ok && !(answer.status === 503 && path === "/api/init" && found.versions)) {
			throw new Problem(answer.status, found);
		}
		return found;
	}

	// Send one file; `onProgress` is told the share that has left. Not by `fetch`: that tells no progress.
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

	// Return a raw response, the token carried; a 401 asks for the token and tries again.
	async open(method, path, options = {}) {
		for (;;) {
			const token = storedToken();
			const headers = { Accept: "application/json", ...options.headers };
			if (token) headers.Authorization = `Bearer ${token}`;
			let answer;
			try {
				answer = await fetch(path, { ...options, method, headers, cache: "no-store" });
			} catch {
				throw silence();
			}
			noteServerTime(answer.headers.get("Date"));
			if (answer.status !== 401) return answer;
			await this.newToken(token);
			if (options.signal?.aborted) options = { ...options, signal: AbortSignal.timeout(PATIENCE) };
		}
	}

	// Ask for a token once, however many calls were refused.
	async newToken(refused) {
		if (storedToken() !== refused) return;
		this.asking ??= this.askToken(Boolean(refused)).then((token) => sessionStorage.setItem(TOKEN, token));
		await this.asking.finally(() => (this.asking = null));
	}
}

function silence() {
	return new Problem(0, { detail: "The server does not answer." });
}

function storedToken() {
	return sessionStorage.getItem(TOKEN) ?? "";
}

// Return a key that names one request. Not `randomUUID`: that is missing without https.
export function newKey() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
