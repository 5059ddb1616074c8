// What can take the jobs' place: parts of the page that are opened by its address, and of which one at a time is shown.

import { reasonWithout } from "./access.js";
import { byId } from "./dom.js";
import { notify } from "./notices.js";

/**
 * Return the module of a part that shows jobs; null if the caller may not see them, which is told, or if it could not be loaded.
 *
 * @template Module
 * @param {() => Promise<Module | null>} module
 */
export async function loadForJobs(module) {
	const refusal = reasonWithout("jobs:read");
	if (refusal) notify(refusal, { tone: "attention" });
	return refusal ? null : module();
}

/** Hide the jobs while another part of the page has their place. */
export function cover() {
	const covered = document.querySelector("main.is-cover:not([hidden])") !== null;
	for (const id of ["work", "tabs"]) byId(id).hidden = covered;
}
