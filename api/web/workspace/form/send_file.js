// Sends one file to the API. Not with `fetch`, which does not report progress.

import { Problem, asProblem, ownerHeader, silence } from "../core/api.js";
import { on } from "../core/dom.js";
import { published } from "../core/published.js";

/** @import { Api } from "../core/api.js" */
/** @import { PathsWith } from "../../types/page.js" */

/** @typedef {{ onProgress: (share: number) => void, signal: AbortSignal }} Watch `onProgress` is told the share that has left. */

/**
 * Send a file, again after a sign-in; may throw `Problem`.
 *
 * @param {Api} api
 * @param {PathsWith<"post">} path
 * @param {File} file
 * @param {Watch} watch
 * @returns {Promise<any>} The JSON of the answer.
 */
export async function sendFile(api, path, file, watch) {
	for (;;) {
		const { signIns } = api;
		try {
			return await sendOnce(path, file, watch);
		} catch (thrown) {
			if (asProblem(thrown).status !== 401) throw thrown;
			await api.signIn(signIns);
			watch.signal.throwIfAborted();
		}
	}
}

/**
 * @param {PathsWith<"post">} path
 * @param {File} file
 * @param {Watch} watch
 * @returns {Promise<any>}
 */
function sendOnce(path, file, { onProgress, signal }) {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		request.open("POST", published(path));
		for (const [name, value] of Object.entries(ownerHeader(path))) request.setRequestHeader(name, value);
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
