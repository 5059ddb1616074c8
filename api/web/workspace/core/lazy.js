// Modules that the first view does not need: imported when they are, and fetched ahead once the page has come to rest.

import { notify } from "./notices.js";

/** @type {Set<() => Promise<unknown>>} What nobody has fetched yet. */
const parts = new Set();

/**
 * Return a function that resolves to a module: at once where it is there already; null where it cannot be fetched, which is told.
 *
 * @template Module
 * @param {() => Promise<Module>} load Imports it.
 * @returns {() => Promise<Module | null>}
 */
export function lazy(load) {
	parts.add(load);
	return () => load().catch(tellMissing);
}

/** Fetch what is not there yet, as soon as the browser has nothing else to do. */
export function loadAhead() {
	if (!parts.size) return;
	const load = () => {
		for (const part of parts) part().catch(() => {});
		parts.clear();
	};
	// Not every browser tells when it is idle.
	if ("requestIdleCallback" in globalThis) requestIdleCallback(load, { timeout: 2000 });
	else setTimeout(load, 500);
}

// Some browsers do not fetch a module again that once failed to come. What stands in the form survives a reload.
function tellMissing() {
	const action = { label: "Reload the page", run: () => location.reload() };
	notify("This part of the page could not be loaded: the server is not responding.", { tone: "bad", action });
	return null;
}
