// Modules that the first view does not need: imported on demand, and prefetched once the page is idle.

import { CORE } from "../words/core.js";
import { notify } from "./notices.js";

/** @type {Set<() => Promise<unknown>>} Not prefetched yet. */
const pending = new Set();

/**
 * Return a function that resolves to a module, loading it once; if it cannot be loaded, it says so and resolves to null.
 *
 * @template Module
 * @param {() => Promise<Module>} load Imports the module.
 * @returns {() => Promise<Module | null>}
 */
export function lazy(load) {
	pending.add(load);
	return () => load().catch(reportMissing);
}

/**
 * Return a function that makes something out of a module once, when it is first asked for; it resolves to null if the
 * module could not be loaded, which has been reported.
 *
 * @template Module, Made
 * @param {() => Promise<Module | null>} module
 * @param {(module: Module) => Made} make
 * @returns {() => Promise<Awaited<Made> | null>}
 */
export function once(module, make) {
	/** @type {Promise<any> | undefined} */
	let made;
	return () => (made ??= module().then((loaded) => loaded && make(loaded)));
}

/** Prefetch the remaining modules as soon as the browser is idle. */
export function prefetchModules() {
	if (!pending.size) return;
	const prefetch = () => {
		const loads = [...pending].map((load) => load());
		pending.clear();
		// They may name others.
		Promise.allSettled(loads).then(prefetchModules);
	};
	// Not every browser has `requestIdleCallback`.
	if ("requestIdleCallback" in globalThis) requestIdleCallback(prefetch, { timeout: 2000 });
	else setTimeout(prefetch, 500);
}

// Some browsers never refetch a module that failed to load, so a reload is offered; the form survives it.
function reportMissing() {
	const action = { label: CORE.reload, run: () => location.reload() };
	notify(CORE.notLoaded, { tone: "bad", action });
	return null;
}
