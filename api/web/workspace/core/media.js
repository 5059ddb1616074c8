// Where an output is looked at: our own copy once it is stored, else where WaveSpeed keeps it.

import { safeAddress } from "./dom.js";

/** @import { Output } from "../../types/page.js" */

/**
 * Return the whole file's address; null if there is none.
 *
 * @param {Output} output
 */
export function fileOf(output) {
	return stored(output, "url") ?? (output.url ? safeAddress(output.url) : null);
}

/**
 * Return the address of a small picture of it: the file itself where we have no smaller one of an image.
 *
 * @param {Output} output
 */
export function thumbnailOf(output) {
	return stored(output, output.kind === "video" ? "posterUrl" : "thumbnailUrl") ?? (output.kind === "image" ? fileOf(output) : null);
}

/**
 * Return the address of a short film of it: the file itself where we have no shorter one.
 *
 * @param {Output} output
 */
export function previewOf(output) {
	return stored(output, "previewUrl") ?? fileOf(output);
}

/**
 * @param {Output} output
 * @param {"url" | "thumbnailUrl" | "posterUrl" | "previewUrl"} name
 */
function stored({ stored }, name) {
	const path = stored?.state === "stored" ? stored[name] : null;
	return path ? safeAddress(path) : null;
}
