// What the modules of this folder share with the page: the API, the jobs and the filter; and what is in lists to choose from.

import { Emitter } from "../core/emitter.js";
import { noteName } from "./names.js";

/** @import { Api } from "../core/api.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { Filter } from "../jobs/filter.js" */

/**
 * @typedef {object} Parts
 * @property {Api} api
 * @property {JobBook} book
 * @property {(wanted: Partial<Filter>) => unknown} select Shows the jobs that a filter fits.
 */

/** As many as one answer has. */
const TAGS = 1000;
const SHOWN = 200;

/** @type {Emitter<{ collected: string }>} Tells the collection that outputs were added to here. */
export const changes = new Emitter();

/** @type {Parts | null} */
let parts = null;

/** @param {Parts} offered */
export function offerParts(offered) {
	parts = offered;
}

/** Return the page's parts; these modules act on what it shows, so it is there. */
export function page() {
	if (!parts) throw new Error("The page has not offered its parts.");
	return parts;
}

/** @param {Api} api */
export async function tagNames(api) {
	const { items } = await api.get("/api/tags", { query: new URLSearchParams({ limit: String(TAGS) }) });
	return items.map(({ tag }) => tag);
}

/**
 * Return collections, those changed last first.
 *
 * @param {Api} api
 * @param {string} [q] A part of their name.
 */
export async function collections(api, q = "") {
	const { items } = await api.get("/api/collections", { query: new URLSearchParams({ limit: String(SHOWN), ...(q && { q }) }) });
	items.forEach(noteName);
	return items;
}
