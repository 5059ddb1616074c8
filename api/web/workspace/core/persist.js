// Requests without which a place of the page would stay empty: a lost one is asked again until it is answered.

import { Problem } from "./api.js";
import { whenBack } from "./back.js";
import { on } from "./dom.js";

const MAX_PAUSE_SECONDS = 10;

/** @type {Set<() => void>} What waits for its next attempt. */
const waiting = new Set();

/** @type {(() => void) | null} */
let listen = () => {
	listen = null;
	const wake = () => {
		for (const go of waiting) go();
	};
	whenBack(wake);
	on(window, "focus", wake);
	on(document, "visibilitychange", () => document.hidden || wake());
};

/**
 * Return what a request is answered, however often it has to be repeated: after pauses that grow, and at once when the
 * server is back or somebody looks at the page again. Throws a refusal that no repetition would change.
 *
 * @template Found
 * @param {() => Promise<Found>} ask
 * @param {object} [how]
 * @param {() => boolean} [how.wanted] Whether an answer would still be of use; if not, the result is null.
 * @param {() => unknown} [how.missed] Called after each attempt that failed.
 * @returns {Promise<Found | null>}
 */
export async function persist(ask, { wanted = () => true, missed = () => {} } = {}) {
	for (let attempt = 0; ; attempt += 1) {
		try {
			return await ask();
		} catch (thrown) {
			if (!(thrown instanceof Problem) || !thrown.passing) throw thrown;
		}
		if (!wanted()) return null;
		missed();
		await pause(Math.min(MAX_PAUSE_SECONDS, 2 ** attempt));
		if (!wanted()) return null;
	}
}

/**
 * @param {number} seconds
 * @returns {Promise<void>}
 */
function pause(seconds) {
	listen?.();
	return new Promise((resolve) => {
		const go = () => {
			clearTimeout(timer);
			waiting.delete(go);
			resolve();
		};
		const timer = setTimeout(go, seconds * 1000);
		waiting.add(go);
	});
}
