// With which model somebody went each way last.

import { ROOT } from "../core/published.js";

/** @import { Relation } from "../../types/page.js" */

const STORAGE_KEY = `promptmill.continue${ROOT}`;

/**
 * @param {Relation} relation
 * @returns {string | undefined}
 */
export function lastModel(relation) {
	const found = stored()[relation];
	return typeof found === "string" ? found : undefined;
}

/**
 * @param {string} relation
 * @param {string} model
 */
export function rememberModel(relation, model) {
	try {
		localStorage.setItem(STORAGE_KEY, JSON.stringify({ ...stored(), [relation]: model }));
	} catch {
		// If storage is full or forbidden, the nearest relative is offered again.
	}
}

/** @returns {Record<string, unknown>} */
function stored() {
	try {
		return Object(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}"));
	} catch {
		return {};
	}
}
