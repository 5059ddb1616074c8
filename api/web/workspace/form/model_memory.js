// Which models somebody likes, and used lately: remembered by this browser.

import { ROOT } from "../core/published.js";

const FAVOURITES = `promptmill.models.favourites${ROOT}`;
const RECENT = `promptmill.models.recent${ROOT}`;
const MAX_RECENT = 6;
const MAX_FAVOURITES = 50;

export function favourites() {
	return read(FAVOURITES);
}

export function recent() {
	return read(RECENT);
}

/** @param {string} path */
export function toggleFavourite(path) {
	const before = favourites();
	write(FAVOURITES, before.includes(path) ? before.filter((one) => one !== path) : [path, ...before].slice(0, MAX_FAVOURITES));
}

/** @param {string} path */
export function noteUsed(path) {
	write(RECENT, [path, ...recent().filter((one) => one !== path)].slice(0, MAX_RECENT));
}

/**
 * @param {string} key
 * @returns {string[]}
 */
function read(key) {
	try {
		const found = JSON.parse(localStorage.getItem(key) ?? "[]");
		return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
	} catch {
		return [];
	}
}

/**
 * @param {string} key
 * @param {string[]} paths
 */
function write(key, paths) {
	try {
		localStorage.setItem(key, JSON.stringify(paths));
	} catch {
		// Full or forbidden: it is not remembered, and nothing else is lost.
	}
}
