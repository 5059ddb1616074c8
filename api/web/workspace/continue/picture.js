// The address of an output that a provider can fetch: where WaveSpeed keeps it, or our stored file, uploaded anew.

import { Problem, ownerHeader, silence } from "../core/api.js";
import { secondsSince } from "../core/clock.js";
import { sendFile } from "../form/send_file.js";
import { CONTINUE } from "../words/continue.js";

/** @import { Api } from "../core/api.js" */
/** @import { Output } from "../../types/page.js" */

/** An address that ends sooner may be gone before the job's turn comes. */
const LEAST_SECONDS = 3600;

/**
 * Return the address; may throw `Problem`.
 *
 * @param {Api} api
 * @param {Output} output
 * @returns {Promise<string>}
 */
export async function pictureAddress(api, output) {
	if (output.url && lives(output)) return output.url;
	const { stored } = output;
	if (!stored?.url) throw new Problem(0, { detail: CONTINUE.notStored });
	const answer = await fetch(stored.url, { headers: ownerHeader(stored.url) }).catch(() => null);
	if (!answer?.ok) throw answer ? new Problem(answer.status, { detail: CONTINUE.unreadable }) : silence();
	const file = new File([await answer.blob()], stored.name ?? "picture", { type: stored.contentType ?? "" });
	const { url } = await sendFile(api, "/api/uploads", file, { onProgress: () => {}, signal: new AbortController().signal });
	return url;
}

/** @param {Output} output */
function lives({ expiresAt }) {
	return !expiresAt || -secondsSince(expiresAt) > LEAST_SECONDS;
}
