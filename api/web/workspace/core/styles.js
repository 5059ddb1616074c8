// Style sheets that the first view does not need.

import { el } from "./dom.js";

/**
 * Add a sheet; resolves once it applies, or cannot be loaded.
 *
 * @param {string} name
 * @returns {Promise<unknown>}
 */
export function addStyles(name) {
	const sheet = el("link", { rel: "stylesheet", href: new URL(`../styles/${name}`, import.meta.url).href });
	document.head.append(sheet);
	return new Promise((resolve) => {
		sheet.onload = sheet.onerror = resolve;
	});
}
