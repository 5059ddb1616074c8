// The names of collections, as far as they have been read: filters know them by their ids alone.

import { COLLECTIONS } from "../words/collections.js";

/** @type {Map<string, string>} By id. */
const names = new Map();

/** @param {{ collectionId: string, name: string }} collection */
export function noteName({ collectionId, name }) {
	names.set(collectionId, name);
}

/** @param {string} id */
export function isNamed(id) {
	return names.has(id);
}

/** @param {string} id */
export function collectionName(id) {
	return names.get(id) ?? COLLECTIONS.unnamed;
}
