// Outputs that WaveSpeed has flagged are hidden until somebody asks to see them, here or in the viewer.

/** @import { Output } from "../../types/page.js" */

/** The keys of those that somebody has asked to see. */
const uncovered = new Set();

/**
 * @param {string} key
 * @param {Output} output
 */
export function isCovered(key, output) {
	return output.nsfw === true && !uncovered.has(key);
}

/** @param {string} key */
export function uncover(key) {
	uncovered.add(key);
}
