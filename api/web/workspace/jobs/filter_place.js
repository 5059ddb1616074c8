// Where the filter is kept: in the page's address, so that it can be shared and Back undoes it, and for the next visit.

import { on } from "../core/dom.js";
import { addressOf, filterIn, isOn } from "./filter.js";

/** @import { Filter } from "./filter.js" */

const STORAGE_KEY = "promptmill.filter";

/**
 * Return the filter to begin with: the address's, else that of the last visit, which the address then shows.
 *
 * @returns {Filter}
 */
export function firstFilter() {
	const found = filterIn(location.search);
	if (isOn(found)) return found;
	const remembered = filterIn(localStorage.getItem(STORAGE_KEY) ?? "");
	noteFilter(remembered, { step: false });
	return remembered;
}

/**
 * Write the filter to the address, unless it stands there.
 *
 * @param {Filter} filter
 * @param {{ step: boolean }} how Whether Back leads to the one before.
 */
export function noteFilter(filter, { step }) {
	localStorage.setItem(STORAGE_KEY, addressOf(filter));
	const query = addressOf(filter, location.search);
	if (query === addressOf(filterIn(location.search), location.search)) return;
	const address = location.pathname + query + location.hash;
	if (step) history.pushState(null, "", address);
	else history.replaceState(null, "", address);
}

/**
 * Call back with the address's filter whenever Back or Forward was pressed.
 *
 * @param {(filter: Filter) => void} onMove
 */
export function followFilter(onMove) {
	on(window, "popstate", () => onMove(filterIn(location.search)));
}
